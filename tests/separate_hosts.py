"""A cluster of workers with network stacks and addresses of their own: ``unshare -rn python -m tests.separate_hosts``.

Prints, as JSON, the addresses that the workers have to the scheduler and the outcomes of some tasks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from metrics.measure.running.dask_engine import DaskEngine
from metrics.measure.running.engine import ProcessSettings
from tests.dask_processes import DaskProcesses, wait_until
from tests.engine_tasks import burn

SCHEDULER = "10.77.0.1"
WORKERS = ("10.77.0.2", "10.77.0.3")


def main() -> None:
    """Make hosts, a scheduler on one and a worker on each other, and run tasks."""
    _ip("link set lo up", "link add bridge0 type bridge", f"addr add {SCHEDULER}/24 dev bridge0", "link set bridge0 up")
    hosts = [_host(number, address) for number, address in enumerate(WORKERS)]
    try:
        with tempfile.TemporaryDirectory() as folder, DaskProcesses(Path(folder), host=SCHEDULER) as processes:
            for host in hosts:
                processes.start_worker("--no-nanny", prefix=("nsenter", "-t", str(host.pid), "-n"))
            with DaskEngine.connected(processes.address, ProcessSettings()) as engine:
                wait_until(lambda: engine.jobs == len(WORKERS))
                outcomes = [outcome.value for outcome in engine.map(burn, [0.1] * 12, time_limit_s=60)]
            lines = [line for log in Path(folder).glob("worker-*.log") for line in log.read_text().splitlines()]
        addresses = sorted(line.rpartition("tcp://")[2] for line in lines if "Start worker at" in line)
        sys.stdout.write(json.dumps({"workers": [one.partition(":")[0] for one in addresses], "outcomes": outcomes}))
    finally:
        for host in hosts:
            host.kill()
            host.wait()


def _host(number: int, address: str) -> subprocess.Popen[bytes]:
    """A process in a network namespace of its own, wired to the bridge."""
    host = subprocess.Popen(["unshare", "-n", "sleep", "600"])  # noqa: S607 - of the machine
    deadline = time.monotonic() + 10
    while Path(f"/proc/{host.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    _ip(
        f"link add port{number} type veth peer name eth0 netns {host.pid}",
        f"link set port{number} master bridge0",
        f"link set port{number} up",
    )
    inside = ("nsenter", "-t", str(host.pid), "-n")
    _ip("link set lo up", f"addr add {address}/24 dev eth0", "link set eth0 up", prefix=inside)
    return host


def _ip(*commands: str, prefix: tuple[str, ...] = ()) -> None:
    for command in commands:
        subprocess.run([*prefix, "ip", *command.split()], check=True)


if __name__ == "__main__":
    main()
