"""Limits are read wherever a container, systemd, taskset or ulimit states them: each tree here is one that exists."""

import os
import resource
from pathlib import Path

import pytest

from flyleaf.embedded import binaries, cluster, resources

MB = 2**20
V2 = "30 23 0:26 {top} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "33 32 0:29 {top} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "34 32 0:30 {top} /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
)
NO_LIMIT = "9223372036854771712\n"


def tree(root: Path, cgroup: str, mountinfo: str, **files: str) -> Path:
    """Make the files, whose names are written with __ for / and _DOT_ for a dot."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    (root / "proc/self/mountinfo").write_text("22 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n" + mountinfo)
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture(autouse=True)
def big_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 GB and 16 processors."""
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 24 * 2**18, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)


def test_without_control_groups_the_machine_is_the_limit(tmp_path: Path) -> None:
    assert resources.memory(tmp_path) == 24 * 1024 * MB
    assert resources.processors(tmp_path) == 16


def test_v2_in_a_container_with_a_namespace_of_its_own(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2.format(top="/"), memory_DOT_max=f"{512 * MB}\n", cpu_DOT_max="150000 100000\n")
    assert resources.memory(root) == 512 * MB
    assert resources.processors(root) == 2


def test_v2_limits_of_a_parent_count(tmp_path: Path) -> None:
    """As for a service in a slice: systemd's MemoryMax= and CPUQuota= of either."""
    files = {
        "a_DOT_slice__memory_DOT_max": f"{300 * MB}\n", "a_DOT_slice__b_DOT_service__memory_DOT_max": "max\n",
        "a_DOT_slice__cpu_DOT_max": "50000 100000\n", "a_DOT_slice__b_DOT_service__cpu_DOT_max": "max 100000\n",
    }  # fmt: skip
    root = tree(tmp_path, "0::/a.slice/b.service\n", V2.format(top="/"), **files)
    assert resources.memory(root) == 300 * MB
    assert resources.processors(root) == 1


def test_v2_memory_high_counts_as_it_slows_everything_down(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2.format(top="/"), memory_DOT_max="max\n", memory_DOT_high=f"{400 * MB}\n")
    assert resources.memory(root) == 400 * MB


def test_v1_mounted_from_the_containers_group_on(tmp_path: Path) -> None:
    """Docker's way: the path is the host's, and the mount begins there."""
    cgroup = "12:memory:/docker/0123\n5:cpu,cpuacct:/docker/0123\n1:name=systemd:/docker/0123\n0::/x\n"
    files = {
        "memory__memory_DOT_limit_in_bytes": f"{512 * MB}\n", "cpu,cpuacct__cpu_DOT_cfs_quota_us": "250000\n",
        "cpu,cpuacct__cpu_DOT_cfs_period_us": "100000\n",
    }  # fmt: skip
    root = tree(tmp_path, cgroup, V1.format(top="/docker/0123"), **files)
    assert resources.memory(root) == 512 * MB
    assert resources.processors(root) == 3


def test_v1_in_a_group_of_the_host_without_limits_of_its_own(tmp_path: Path) -> None:
    cgroup = "12:memory:/outer/inner\n5:cpu,cpuacct:/outer/inner\n"
    files = {
        "memory__outer__inner__memory_DOT_limit_in_bytes": NO_LIMIT,
        "memory__outer__memory_DOT_limit_in_bytes": f"{700 * MB}\n", "memory__memory_DOT_limit_in_bytes": NO_LIMIT,
        "cpu,cpuacct__outer__inner__cpu_DOT_cfs_quota_us": "-1\n",
        "cpu,cpuacct__outer__inner__cpu_DOT_cfs_period_us": "100000\n",
    }  # fmt: skip
    root = tree(tmp_path, cgroup, V1.format(top="/"), **files)
    assert resources.memory(root) == 700 * MB
    assert resources.processors(root) == 16


def test_a_group_outside_of_what_is_mounted_reads_the_mount(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/../other\n", V2.format(top="/here"), memory_DOT_max=f"{600 * MB}\n")
    assert resources.memory(root) == 600 * MB


def test_garbage_is_passed_over(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2.format(top="/"), memory_DOT_max="\n", cpu_DOT_max="a lot\n")
    assert resources.memory(root) == 24 * 1024 * MB
    assert resources.processors(root) == 16


def test_affinity_and_the_address_space_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    monkeypatch.setattr(resource, "getrlimit", lambda _: (800 * MB, resource.RLIM_INFINITY))
    assert resources.processors(tmp_path) == 2
    assert resources.address_space() == 800 * MB


@pytest.mark.parametrize(
    ("memory", "address_space", "shared_buffers", "work_mem", "maintenance_work_mem"),
    [
        (24 * 1024, resources.UNLIMITED // MB, "1024MB", "4096kB", "64MB"),
        (2 * 1024, resources.UNLIMITED // MB, "256MB", "4096kB", "64MB"),
        (512, resources.UNLIMITED // MB, "64MB", "1024kB", "16MB"),
        (384, resources.UNLIMITED // MB, "48MB", "1024kB", "12MB"),
        (24 * 1024, 800, "100MB", "1600kB", "25MB"),
        (64, resources.UNLIMITED // MB, "16MB", "1024kB", "8MB"),
    ],
)
def test_the_server_takes_its_share_of_the_limit(
    monkeypatch: pytest.MonkeyPatch,
    memory: int,
    address_space: int,
    shared_buffers: str,
    work_mem: str,
    maintenance_work_mem: str,
) -> None:
    """In 512 MB on a machine with 24 GB, shared_buffers was 1 GB: 20 processes were killed within 35 seconds."""
    monkeypatch.setattr(resources, "memory", lambda: memory * MB)
    monkeypatch.setattr(resources, "address_space", lambda: address_space * MB)
    found = binaries.find(None)
    line = cluster.command(Path("/nowhere"), found, Path("/nowhere"))
    assert f"shared_buffers={shared_buffers}" in line
    assert f"work_mem={work_mem}" in line
    assert f"maintenance_work_mem={maintenance_work_mem}" in line


def test_a_large_database_gets_more_of_a_large_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A search among 10,000,000 books read 450 of its 1,060 blocks from outside 1 GB of shared_buffers."""
    monkeypatch.setattr(resources, "memory", lambda: 24 * 1024 * MB)
    monkeypatch.setattr(resources, "address_space", lambda: resources.UNLIMITED)
    (tmp_path / "base" / "16384").mkdir(parents=True)
    for size, shared_buffers in ((100, 1024), (8 * 1024, 2 * 1024), (80 * 1024, 3 * 1024)):
        with (tmp_path / "base" / "16384" / "2619").open("wb") as file:
            file.truncate(size * MB)
        line = cluster.command(tmp_path, binaries.find(None), tmp_path)
        assert f"shared_buffers={shared_buffers}MB" in line
