"""Which pairs a worker gets next; no cluster is needed."""

from types import SimpleNamespace

from optbench.study.cluster.waiting_pairs import CHUNK, SHARES, WaitingPairs


def pair(optimizer, problem):
    return SimpleNamespace(key=(optimizer, problem), problem=SimpleNamespace(label=problem))


def waiting(seconds):
    """Return pairs that wait, by (optimizer, problem) -> seconds."""
    return WaitingPairs([pair(*key) for key in seconds], seconds)


def keys(pairs):
    return [each.key for each in pairs]


def test_a_worker_keeps_to_its_problem_and_others_take_the_longest_that_nobody_has():
    pairs = waiting({(o, p): s for p, s in (("short", 1), ("long", 3)) for o in "abcd"})
    assert keys(pairs.next("w1", 1)) == [("a", "long")]
    assert keys(pairs.next("w2", 1)) == [("a", "short"), ("b", "short")]
    assert keys(pairs.next("w1", 1)) == [("b", "long")]
    assert keys(pairs.next("w2", 1)) == [("c", "short"), ("d", "short")]
    assert keys(pairs.next("w2", 1)) == [("c", "long")]  # rather than nothing
    assert len(pairs) == 1


def test_chunks_become_short_towards_the_end_so_that_threads_end_together():
    pairs = waiting({(f"o{i}", "p"): CHUNK / 100 for i in range(800)})
    sizes = []
    while pairs:
        sizes.append(len(pairs.next("w", 2)))
    assert 99 <= sizes[0] <= 100 and sum(sizes) == 800
    assert sizes[-1] == 1 and sizes == sorted(sizes, reverse=True)
    assert sizes[1] <= 700 / (SHARES * 2) + 1


def test_what_is_suspected_waits_apart_and_what_had_no_time_comes_first():
    pairs = waiting({("a", "p"): 1.0, ("b", "p"): 1.0, ("c", "p"): 1.0})
    first, second = pairs.next("w", 1)[:1], pairs.next("w", 1)
    pairs.again(second, suspect=False)
    pairs.again(first, suspect=True)
    assert keys(pairs.suspects) == keys(first) and len(pairs) == 3
    assert pairs.next("w", 1)[0] is second[0]
