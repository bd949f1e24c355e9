"""Names out of the forms in which catalogues sort them."""

import pytest

from flyleaf.importing.cleaning.names import known_by_given_name, name_in_statement, natural_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("King, Stephen, 1947-", "Stephen King"),
        ("King, Stephen", "Stephen King"),
        ("Eliot, George [pseud. of Mary Ann Evans]", "George Eliot"),
        ("Eliot, George, [novelist], 1819-1880", "George Eliot"),
        ("Gogh, Vincent [van]", "Vincent van Gogh"),
        ("King, S[tephen]", "Stephen King"),
        ("King,  Stephen ,", "Stephen King"),
        ("King, Stephen, author.", "Stephen King"),
        ("Stephen King", "Stephen King"),
        ("Stephen King, 1947-", "Stephen King"),
        ("Shakespeare, William, 1564-1616.", "William Shakespeare"),
        ("García Márquez, Gabriel, 1928-2014", "Gabriel García Márquez"),
        ("Sástago, Co\u0301rdova, conde de", "Córdova Sástago"),
        ("Novak, Fabia\u0301n.", "Fabián Novak"),
        ("Tolkien, J. R. R. (John Ronald Reuel), 1892-1973", "J. R. R. Tolkien"),
        ("Le Guin, Ursula K., 1929-2018", "Ursula K. Le Guin"),
        ("Beethoven, Ludwig van, 1770-1827", "Ludwig van Beethoven"),
        ("Ormesson, Jean d', 1925-", "Jean d'Ormesson"),
        ("Smith, John, Jr.", "John Smith Jr."),
        ("Smith, John, III", "John Smith III"),
        ("King, Martin Luther, Jr., 1929-1968", "Martin Luther King Jr."),
        ("Henry Louis Gates, Jr.", "Henry Louis Gates Jr."),
        ("Doyle, Arthur Conan, Sir, 1859-1930", "Arthur Conan Doyle"),
        ("Byron, George Gordon Byron, Baron, 1788-1824", "George Gordon Byron"),
        ("Smith, John, active 16th century", "John Smith"),
        ("Smith, John, b. 1947.", "John Smith"),
        ("Freeman, Richard (Professor of Social Science and Public Policy)", "Richard Freeman"),
        ("Pope, Alexander, 1688-1744", "Alexander Pope"),
        ("Press, Frank", "Frank Press"),
        ("Nguyen, Vi", "Vi Nguyen"),
        ("Wood, Mrs. Henry", "Mrs. Henry Wood"),
        ("Seuss, Dr.", "Dr. Seuss"),
        ("Teresa, Mother, 1910-1997", "Mother Teresa"),
        ("Teresa, of Avila, Saint, 1515-1582", "Teresa of Avila"),
        ("Elizabeth II, Queen of Great Britain, 1926-", "Elizabeth II"),
        ("John Paul II, Pope, 1920-2005", "John Paul II"),
        ("Plato.", "Plato"),
        ("Aristotle, 384-322 B.C.", "Aristotle"),
        ("Dalai Lama XIV", "Dalai Lama XIV"),
        ("Harper & Row, Publishers", "Harper & Row, Publishers"),
        ("Museum of Modern Art (New York, N.Y.)", "Museum of Modern Art"),
        ("United Nations.", "United Nations"),
        ("Émile", "Émile"),
        ("", ""),
        (", ", ""),
        ("King, ()", "King"),
    ],
)
def test_natural_name(text: str, name: str) -> None:
    assert natural_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Thomas, Aquinas, Saint, 1225?-1274", "Thomas Aquinas"),
        ("Francis, de Sales, Saint", "Francis de Sales"),
        ("Catherine II, Empress of Russia, 1729-1796", "Catherine II"),
        ("Teresa, Mother, Saint", "Mother Teresa"),
        ("M. Raymond, Father, O.C.S.O.", "Father M. Raymond"),
        ("Marcos, subcomandante", "Marcos"),
        ("Homer", "Homer"),
        ("", ""),
    ],
)
def test_a_name_that_begins_with_the_given_one(text: str, name: str) -> None:
    assert known_by_given_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("by Iain Banks ; illustrated by Me.", "Iain Banks"),
        ("[compiled by] George Miller.", "George Miller"),
        ("edited by John Smith and Mary Jones.", "John Smith and Mary Jones"),
        ("illustrated by Marco Ventura.", "Marco Ventura"),
        ("[text by A. V. Smith].", "A. V. Smith"),
        ("John Smith, illustrated by Mary Jones", "John Smith"),
        ("written by Frank Herbert, with a foreword by X.", "Frank Herbert"),
        ("Frank Herbert [and others]", "Frank Herbert"),
        ("Frank Herbert ... [et al.].", "Frank Herbert"),
        ("par Victor Hugo ; illustré par X", "Victor Hugo"),
        ("por Machado de Assis", "Machado de Assis"),
        ("[from old catalog]", ""),
        ("Ross Davies.", "Ross Davies"),
        ("", ""),
    ],
)
def test_the_name_in_a_statement(text: str, name: str) -> None:
    assert name_in_statement(text) == name
