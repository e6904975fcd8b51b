"""A program in a pseudo terminal, and what its screen shows: as much of xterm as ncurses uses."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

TOKEN = re.compile(
    r"\x1b\[([?>=]?)([\d;]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b([()])(.)|\x1b([^\[\]()])|([\x00-\x1a\x1c-\x1f])|([^\x00-\x1f]+)")
# Behind the letter of a cell that has a background.
LIT = "\x01"


class Screen:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.top, self.bottom = 0, rows - 1
        self.saved = (0, 0)
        self.last = " "
        self.lit = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""

    def text(self, row):
        return "".join(self.lines[row]).replace(LIT, "")

    def is_lit(self, row):
        return any(LIT in cell for cell in self.lines[row])

    def feed(self, data):
        text = self.rest + self.decoder.decode(data)
        end = 0
        while match := TOKEN.match(text, end):
            end = match.end()
            self.take(match)
        self.rest = text[end:]

    def take(self, match):
        private, numbers, final, _, _, escape, control, letters = match.groups()
        if letters:
            for letter in letters:
                self.put(letter)
        elif final:
            if not private:
                self.sequence(final, [int(n or 0) for n in numbers.split(";")])
        elif control:
            self.control(control)
        elif escape:
            self.escape(escape)

    def put(self, letter):
        if self.column >= self.columns:
            self.column = 0
            self.feed_line()
        self.last = letter
        self.lines[self.row][self.column] = letter + self.lit
        self.column += 1

    def control(self, letter):
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.feed_line()
        elif letter == "\b":
            self.column = max(0, min(self.column, self.columns - 1) - 1)
        elif letter == "\t":
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)

    def escape(self, letter):
        if letter == "7":
            self.saved = (self.row, self.column)
        elif letter == "8":
            self.row, self.column = self.saved
        elif letter == "M":
            if self.row == self.top:
                self.scroll(self.top, -1)
            else:
                self.row = max(0, self.row - 1)
        elif letter == "D":
            self.feed_line()

    def feed_line(self):
        if self.row == self.bottom:
            self.scroll(self.top, 1)
        else:
            self.row = min(self.rows - 1, self.row + 1)

    def scroll(self, top, count):
        for _ in range(abs(count)):
            if count > 0:
                del self.lines[top]
                self.lines.insert(self.bottom, [" "] * self.columns)
            else:
                del self.lines[self.bottom]
                self.lines.insert(top, [" "] * self.columns)

    def sequence(self, final, numbers):
        count = max(1, numbers[0])
        line = self.lines[self.row]
        column = min(self.column, self.columns - 1)
        if final == "m":
            self.style(numbers)
        elif final in "Hf":
            self.move(numbers[0] or 1, (numbers[1:] or [1])[0] or 1)
        elif final in "ABCDGd":
            self.step(final, count)
        elif final == "J":
            self.erase_screen(numbers[0])
        elif final == "K":
            first, end = [(column, self.columns), (0, column + 1), (0, self.columns)][numbers[0]]
            line[first:end] = " " * (end - first)
        elif final == "X":
            end = min(self.columns, column + count)
            line[column:end] = " " * (end - column)
        elif final == "P":
            del line[column:column + count]
            line.extend(" " * (self.columns - len(line)))
        elif final == "@":
            line[column:column] = " " * count
            del line[self.columns:]
        elif final == "L":
            self.scroll(self.row, -count)
        elif final == "M":
            self.scroll(self.row, count)
        elif final == "S":
            self.scroll(self.top, count)
        elif final == "T":
            self.scroll(self.top, -count)
        elif final == "b":
            for _ in range(count):
                self.put(self.last)
        elif final == "r":
            self.top = count - 1
            self.bottom = (numbers[1:] or [0])[0] - 1
            if self.bottom < 0:
                self.bottom = self.rows - 1
            self.move(1, 1)

    def style(self, numbers):
        while numbers:
            number = numbers.pop(0)
            if number in (0, 27, 49):
                self.lit = ""
            elif number in (7, 48) or 40 <= number < 48 or 100 <= number < 108:
                self.lit = LIT
            if number in (38, 48) and numbers:
                del numbers[:2 if numbers[0] == 5 else 4]

    def move(self, row, column):
        self.row = min(self.rows, row) - 1
        self.column = min(self.columns, column) - 1

    def step(self, final, count):
        if final == "A":
            self.row = max(0, self.row - count)
        elif final == "B":
            self.row = min(self.rows - 1, self.row + count)
        elif final == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif final == "D":
            self.column = max(0, min(self.column, self.columns - 1) - count)
        elif final == "G":
            self.column = min(self.columns, count) - 1
        else:
            self.row = min(self.rows, count) - 1

    def erase_screen(self, how):
        for row in range(self.rows):
            if how == 2 or (how == 0 and row > self.row) or (how == 1 and row < self.row):
                self.lines[row] = [" "] * self.columns
        if how < 2:
            self.sequence("K", [how])


class Session:
    """A program that is watched: keys in, bytes out."""

    def __init__(self, command, columns=120, rows=36, directory="."):
        self.screen = Screen(columns, rows)
        self.byte_count = 0
        self.started = time.monotonic()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(directory)
            os.environ |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
            os.execv(command[0], [str(part) for part in command])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.terminal, keys.encode())
        return time.monotonic()

    def answer(self, key, seconds=30):
        """Seconds from a key to the first of what it makes the screen paint."""
        pressed = self.press(key)
        when = self.read(seconds)
        return (when or time.monotonic()) - pressed

    def read(self, seconds):
        """When something came; `None` if nothing did for so long."""
        if not select.select([self.terminal], [], [], max(0, seconds))[0]:
            return None
        when = time.monotonic()
        try:
            data = os.read(self.terminal, 1 << 16)
        except OSError:
            data = b""
        if not data:
            raise RuntimeError("the screen ended:\n" + self.text())
        self.byte_count += len(data)
        self.screen.feed(data)
        return when

    def wait(self, condition, seconds=30):
        """When the screen first was as wanted."""
        deadline = time.monotonic() + seconds
        while (now := time.monotonic()) < deadline:
            if (when := self.read(deadline - now)) and condition(self.screen):
                return when
        raise TimeoutError("the screen never showed it:\n" + self.text())

    def pass_time(self, seconds):
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(left)

    def text(self):
        return "\n".join(self.screen.text(row).rstrip() for row in range(self.screen.rows))

    def usage(self):
        """Seconds of CPU so far, and megabytes in memory."""
        with open(f"/proc/{self.process}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        with open(f"/proc/{self.process}/status") as file:
            memory = next(line for line in file if line.startswith("VmRSS"))
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), int(memory.split()[1]) / 1024

    def main_thread(self):
        """Seconds of CPU of the screen's own thread."""
        with open(f"/proc/{self.process}/task/{self.process}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9

    def close(self):
        os.kill(self.process, signal.SIGTERM)
        try:
            while os.read(self.terminal, 1 << 16):
                pass
        except OSError:
            pass
        self.wait_for_end()

    def wait_for_end(self):
        os.waitpid(self.process, 0)
        os.close(self.terminal)
