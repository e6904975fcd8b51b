"""A job that writes lines at a rate for some seconds: `writer.py RATE SECONDS`. Each line says when
it was written."""

import sys
import time


def main():
    rate, seconds = int(sys.argv[1]), float(sys.argv[2])
    start, written = time.monotonic(), 0
    while (passed := time.monotonic() - start) < seconds:
        due = int(passed * rate)
        now = int((start + passed) * 1e6)
        lines = b"".join(b"line %08d written at %d\n" % (number, now)
                         for number in range(written, due))
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
        written = due
        time.sleep(0.001)


if __name__ == "__main__":
    main()
