"""How a trace is read. Nothing here is timed."""

from tests.bench.durable import early_answers

REQUEST = '7 read(9, "POST /api/exchange H"..., 65536) = 900'
ANSWER = '7 write(9, "HTTP/1.1 200 OK\\r\\nco"..., 700) = 700'


def test_an_answer_after_an_fsync_is_durable() -> None:
    assert early_answers([REQUEST, "8 fdatasync(5) = 0", ANSWER]) == (1, 0)
    assert early_answers([REQUEST, "8 fdatasync(5 <unfinished ...>", "8 <... fdatasync resumed>) = 0", ANSWER]) == (
        1,
        0,
    )


def test_an_answer_without_an_fsync_of_its_own_is_early() -> None:
    assert early_answers([REQUEST, ANSWER]) == (1, 1)
    assert early_answers(["8 fsync(5) = 0", REQUEST, ANSWER]) == (1, 1)
    assert early_answers([REQUEST, "8 fdatasync(5) = 0", ANSWER, REQUEST, ANSWER]) == (2, 1)


def test_an_fsync_that_failed_or_has_not_ended_is_none() -> None:
    assert early_answers([REQUEST, "8 fdatasync(5) = -1 EIO (Input/output error)", ANSWER]) == (1, 1)
    assert early_answers([REQUEST, "8 fdatasync(5 <unfinished ...>", ANSWER]) == (1, 1)
