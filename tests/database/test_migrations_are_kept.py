"""A migration that has been on main is never edited, nor is a file that it reads: databases have been made by it."""

import hashlib

import pytest

from flyleaf.database.migrate import MIGRATIONS

# A line is added with each new file, and no line is ever changed. `sha256sum` in flyleaf/database/migrations says them.
DIGESTS = {
    "versions/0001_books_readers_reviews.py": "51859bb9d284acc8c80e97f4ee75c77d53d0f81585df7b565aee2d4b20fbb5d3",
    "versions/0002_search.py": "588dc089083b4bf2dce92912b4ec91df1db0dcfad3c096a474be17a03b8890f7",
    "versions/0003_reader_preferences.py": "fff16f3c8c880a33ee4f2ff1f9d11496b49166f6ffee5be32dac377d6a2f5f75",
    "versions/0004_accounts.py": "95d6d4064c615b9ef63774eae6118be2a1ba007f745538f5d1b0323159a9cec9",
    "versions/0005_moderation.py": "96c4f5928d8366519c4e38ca718f374ce8da28325e8d5d10ac75db7f28a5accf",
    "versions/0006_search_moves.py": "b1ce8fc5a5b4f4ca5aaf9d1044b5c88da233f4a61c5decaca5289e4765889e18",
    "versions/0007_early_databases.py": "a90e936fc09be653ea2f95d927fe126d23cc14c9be485d68d243e66e16860f91",
    "versions/0008_checks_hold.py": "d3f94f2441ec91a6c4717102f56784271257ac880fec1e284cdc6f9c74baa4fa",
    "versions/0009_linear_counts.py": "49c5912bf2ef83134e0f0ee82e7110e537e8e47305b77386f712fdc0138a6a2b",
    "versions/0010_departures.py": "ab532cc2925274b7a51c3a54980dcc75bf74c7b81d4bc10747df226dc146f7be",
    "versions/0011_second_factors.py": "98a2f71123c6c4da30910fb7146a117b2403df23911eca6a491570f06a9692b1",
    "versions/0012_moderation_queue.py": "8eaa404220702ddd7ddb2e48883f66551d39bbed0cd7f31c260b3f18c101458e",
    "versions/0013_moderation_indexes.py": "d3662255fde38b5d8b9011b88dc7b57c3f733bcc7bcb8c64a485807a6d63271b",
    "versions/0014_admission.py": "70ef7cfab0c8fe4249a7384c5dda25626574527681803b955a4a544f44d99f6f",
    "versions/0015_passkeys.py": "f586947e111679425c6209effcb7d604d3dc4e8aa8fb4cac8252cff60bb18c7d",
    "versions/0016_withdrawn_reviews.py": "91480865edbdc450ff1a3103920388b29cba0a6f669e9471932b792a632a90f6",
    "versions/0017_bounded_reading.py": "5f2bd105d2470b648e7ee92486cdc541309142f833303d510075bfa7c800b242",
    "versions/0018_event_ages.py": "7ce178e3421a5160f3fd3054baee88769f32a3890a486a4be459dec70fcd748a",
    "versions/0019_identities.py": "c4137c8a26c4ee1e96acd150409bae5f69e8236dbcf6e77e1db05ac0fdaedd39",
    "versions/0020_attempts_are_logged.py": "6acfb08fc0a85fa1b46e2dc8a578790378d291c36c744ac95bf5fbea0192fc76",
    "versions/0021_work_corrections.py": "0c0965547ada059c2a6c695a2fe9c0582ee6c5cdc7deb75fd5cb93b35386d560",
    "versions/0023_corrections.py": "412b1d8aadbb226109077b2643b53aa158ec6809c56158b896814b24ac3fd50c",
    "versions/0025_proposals.py": "f723fbef93404711aac9055537c4b5d189f1d1698869a5c59d102bf571787c2b",
    "versions/0028_proposed_books.py": "64b0a0a16c9a046d9916130893e2b91666b40745a28823b5bfa5510996963eb6",
    "versions/0029_other_titles.py": "0d533fc34d5f9482f6ddf254c7968cca8222817586381309f5c83bdee7188514",
    "versions/0030_versions_in_use.py": "92e6fa95617f97cf60f171c32d9972ceeb6b8f593715bb5cca57b8fc29e8f3e9",
    "versions/0033_likely_duplicates.py": "3faa3a5c3b9be7455d446372b3be93324a6b4ea679e34739d2bb119451308b3d",
    "versions/0034_more_corrections.py": "39c88698578a2654675291bb821d1a61822122ab1bec12e202774e834c6ffbf8",
    "versions/0035_feed_keys.py": "770717843a3837254f54780af2700f21a40518bc1736990134245d80ac22d991",
    "sql/0029_in_use.sql": "44b99c6b5efc710e7ac19d7aa23228248f1c51a297fc85318a2120f13cfd9569",
    "sql/0002_in_use.sql": "6aa01cfe038a1dd4f3a12c53b57937f1abe74f4afc5ca6684c5d13654cb2caa8",
    "sql/0003_in_use.sql": "0540a6309b413493ffcc1fd730da7bfd7f6d07abf30b6e4f6ef6634663352bd5",
    "sql/0005_in_use.sql": "61c1476df00cec7ade2d39d91ea4dbc92df2ac55e78d0a5d23f5115d41e7ec7e",
    "sql/0006_in_use.sql": "718a4dac6cec0fd992a2107bd0b500dbe48adbe5c0f91d0834c2a381d1396336",
    "sql/0007_in_use.sql": "d52085dd16f3aee60266f792c4d5721372221ef53d8c4c17a468e5a48ecf6a9f",
    "sql/first_search_undone.sql": "5078c635f7c22daff1c5a82769f35f7cb2d7ca9aaf5da75d5c6f3ffae6e441a8",
    "versions/0027_covers.py": "b94ea466bcc955d0638df4b1da25b82230b9713e61ed2d3629a5f2586cab53f0",
    "sql/search_1_text.sql": "f35e56eda33098ce6e3309e8eed6005104fd2a424d36a3a5df4d9c89e81b32b7",
    "sql/search_2_tables.sql": "e4d6877782f7ed34339e303df0bea1305e97a552ed24fbbe2b8da6b7e6c7bb1f",
    "sql/search_3_upkeep.sql": "e74757540651648b36fbc3ed4734b3c2a3bf3b0a245f43c7fea662998251e2be",
    "sql/search_4_stages.sql": "d1918f7882b2924175733faac6ef07a4faee6f6d385f9fa5c65f35988ee3f40a",
    "sql/0013_in_use.sql": "c7f46f5c6d5047f6e36c5b3ee4583a0acbca31d98a4e6fc1c38a36ad96b1f976",
    "sql/0016_in_use.sql": "031c3e24dc899eacfdfc7db3e68e42b6836464e0d5b2a029bfcc7cd753270c18",
    "sql/0020_in_use.sql": "99b7c7d2e550fa8db46a63acd859bac547c25cb86bb72c6a09e74e7207456b57",
    "sql/0017_in_use.sql": "da2eeac0c21e77bedc0b51f37008632ec49db76782435535963e07300407ebcd",
    "versions/0022_identifiers.py": "1af9a99c5cf631a0c287c8d1d6025854dfc10c0e3178488cb2838c21f00aee53",
    "versions/0024_subjects.py": "7806ee39f07580a08e7f273d44548f53ede2c7f49e120ad2cbddf8ce896a0931",
    "sql/0022_in_use.sql": "3884d662efe8e9fef54d23391ae12b9d7be19af56e3388c3c0a1e5fec19cc47a",
    "sql/0024_in_use.sql": "82d5f8af5f476a0a25985192499b08400e5d4de89a68523b0304b4169e5c4899",
    "versions/0026_series.py": "2575e41fd1cfa94f244a85f7a488ad3f81e243c4ef05d8b3b4a14573bd61106b",
    "versions/0032_api_tokens.py": "6cbd6c1829a5f6f37f04c3d9f1e8d3e2199de6c4e63700a305db03d0dcd764c6",
    "sql/0026_in_use.sql": "28fffcc6740c900075631686b16b169c2c862ba8e45467fe2659e739574e4490",
    "versions/0031_shelves.py": "43b858bbcff85eacac08515133e051f4d26d857b16dd8aeecbb6e46dda26e8e2",
    "sql/0036_in_use.sql": "3132a7aca173ea1e1babca6f1537679ed216a0380763b3c36a29a687e3661519",
    "versions/0036_private_reviews.py": "f56dba1c0f30d1c2026919f899f8bb007add9e97a90c6095bb8375f68644858e",
    "versions/0037_uploads.py": "9fb76f1f1537ca05c4ea23a7da0b0b0d55fea65c07ccefb4bba28e74bb554e0d",
    "sql/0038_in_use.sql": "a44e8b17fa15cdfcf199cd41e5b5cc4cb64940a515b0cd56cf7eaee23a909e30",
    "versions/0038_helpful_votes.py": "761bcfbc50a665afbda5b679e91529447743e1cde166de953428b458ff249921",
    "versions/0039_upload_turns.py": "e5288e819df86d49afe6f58cdbc57f66b4221e8a033e533b0fa2897327cd6cb1",
    "versions/0040_new_books.py": "9fbd93efa3b63e00cb053c46b9e91c5d165af909cfb9c7d3007badf8859e3621",
    "sql/0041_in_use.sql": "a9bc5b9e7a4e2b119d8a0a8664f94c8af33923357f6ba76d67829ca84915633d",
    "versions/0041_readings_without_days.py": "ce6c078d3ce4344d5946ef79604eb3d3c76920cad54942296e4a0635065b918a",
    "sql/0042_in_use.sql": "ca1ad463e90a8c35581ed44c03d55becb103d28bc81b2dda50fa35c6c7bc8507",
    "versions/0042_index_of_readings.py": "710f12476e60d45d2324080d687d3f2fbff80b31a3d0bcc3097cfb5f558750e0",
}  # fmt: skip


def digest(name: str) -> str:
    return hashlib.sha256((MIGRATIONS / name).read_bytes()).hexdigest()


def files() -> set[str]:
    return {
        str(path.relative_to(MIGRATIONS))
        for folder in ("versions", "sql")
        for path in (MIGRATIONS / folder).iterdir()
        if path.suffix in {".py", ".sql"}
    }


@pytest.mark.every_input
@pytest.mark.parametrize("name", DIGESTS)
def test_a_migration_is_never_edited(name: str) -> None:
    assert digest(name) == DIGESTS[name], "databases have been made by this file: write a new migration instead"


def test_every_file_of_the_migrations_is_kept() -> None:
    assert files() == set(DIGESTS), "add the new file and its digest"
