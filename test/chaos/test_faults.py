"""Each fault alone, and all at random: nothing that was promised is lost, and no
pusher is lied to."""

import random

import pytest

from faults import CLUSTER_TOO, CUTS, FAULTS, possible_faults
from harness import scaled
from links import Namespace
from scenario import Plan, run

SEED = random.randrange(1_000_000)


def check(seconds, *faults, mix="all"):
    """Lives with faults for some seconds, and checks what came of it."""
    seconds = max(seconds // 2, scaled(seconds))
    print(f"test/chaos/run --seconds {seconds} --seed {SEED} --mix {mix} "
          f"--faults {','.join(faults)}")
    verdict = run(Plan(SEED, seconds, faults, mix))
    print(verdict)
    assert not verdict.failures


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - CUTS - {"failover", "shard_failover"}))
def test_a_fault_costs_nothing_that_was_promised(fault):
    check(8, fault)


@pytest.mark.parametrize("fault", sorted(CUTS))
def test_a_cut_link_costs_nothing_that_was_promised(fault):
    if why_not := Namespace.why_not():
        pytest.skip(f"no network name spaces here: {why_not}")
    check(8, fault)


def test_a_failover_costs_nothing_that_was_promised():
    check(20, "failover", mix="keyless")


def test_a_failover_of_a_shard_costs_nothing_that_was_promised():
    check(12, "shard_failover", mix="keyless")


def test_faults_of_a_cluster_cost_nothing_that_was_promised():
    check(15, "slot_moved", "shard_killed", *CLUSTER_TOO)


def test_faults_at_random_cost_nothing_that_was_promised():
    check(20, *possible_faults())
