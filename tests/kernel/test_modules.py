"""The modules against ground truth that the test makes itself."""
import tap


def test_execsnoop_shows_a_program_that_starts():
    tap.need_root()
    tap.equal(tap.run(tap.PRODUCT, "execsnoop", "-d", "100ms").returncode, 0, "exit status")


tap.main()
