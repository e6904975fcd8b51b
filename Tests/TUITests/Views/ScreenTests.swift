import Testing

@testable import TUI

/// Whole screens as text. When one changes on purpose, look at the new one before pasting it here.
struct ScreenTests {
  private func screen(_ columns: Int, _ rows: Int, ascii: Bool = false, _ keys: Key...) throws
    -> String
  {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, columns, rows, ascii: ascii)
    for key in keys { _ = model.update(.input(.key(key))) }
    let screen = model.draw()
    return columns <= 90 ? screen.text : Self.halves(screen)
  }

  /// A screen too wide for a source file: its left half, then its right half.
  static func halves(_ screen: CellBuffer) -> String {
    let middle = screen.size.columns / 2
    let halves = [0..<middle, middle..<screen.size.columns].map { columns in
      (0..<screen.size.rows).map { row in
        columns.map { screen[$0, row].text }.joined().trimmedEnd
      }
    }
    return (halves[0] + halves[1]).joined(separator: "\n")
  }

  @Test func `120 by 32 shows graph, tasks and log`() throws {
    #expect(
      try screen(120, 32) == """
         mosaic  k7f2   ▶ running   0:00:08
         █████████████▓▓▓▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░  4/14  ✔ 4
        ╭ 1 Graph ───────────────────────────────────────╮╭ 2 Tasks
        │▌✘   mProject     ██████████▓▓▓ 3/4 ✘ 1   1.4 s ││ ✘ mProje
        │ ├─╮                                            ││ ▶ mDiffF
        │ ▶ │ mDiffFit     ███▒▒▒▒▒▒░░░░ 1/4       31 ms ││ ▶ mDiffF
        │ │ │                                            ││ ◌ mDiffF
        │ ◌ │ mConcatFit   ░░░░░░░░░░░░░ 0/1             ││ ◌ mConca
        │ ├─╯                                            ││ ◌ mBackg
        │ ◌   mBackground  ░░░░░░░░░░░░░ 0/4             ││ ◌ mBackg
        │ │                                              ││ ◌ mBackg
        │ ◌   mAdd         ░░░░░░░░░░░░░ 0/1             ││ ◌ mBackg
        │                                                ││ ◌ mAdd:1
        │                                                ││ ✔ mProje
        │                                                │╰─────────
        │                                                │╭ 3 Log ·
        │                                                ││ 12:26:41
        │                                                ││ 12:26:41
        │                                                ││ 12:26:42
        │                                                ││ ────────
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        │                                                ││
        ╰────────────────────────────────────────────────╯╰─────────
         Enter open   r retry   R retry all   s skip   / filter   f
                                redis ●  workers 1  slots 2/2  live
         ▶ 2  ◌ 7  ✘ 1   0.5/s ▁▁▄▄█▁▁▁
        · all 14 · by state ───────────────────────────────────────╮
        ct:2    exit 1          0:00:02 #2  ERROR: no overlap bet… ┃
        it:3    running         0:00:01                            ┃
        it:4    running         0:00:01                            ┃
        it:2    waits for proj_1                                   ┃
        tFit:1  waits for diff_1 and 2 more                        ┃
        round:1 waits for corrections                              ┃
        round:2 waits for proj_1 and 1 more                        ┃
        round:3 waits for corrections                              ┃
        round:4 waits for corrections                              │
                waits for bg_0 and 3 more                          │
        ct:1    done            0:00:02                            │
        ───────────────────────────────────────────────────────────╯
        mProject:2 · attempt 2 · complete ─────────────────────────╮
           reading p2mass-017.fits                                 │
           fitting plane, 1024 points                              │
         ▌ ERROR: no overlap between images 17 and 18              │
        ── exit 1 after 2.1 s, max 212 MB, node-a ──────────────── │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
        ───────────────────────────────────────────────────────────╯
        full   Tab pane   ? help   q leave
        """)
  }

  @Test func `80 by 24 shows one pane with tabs`() throws {
    #expect(
      try screen(80, 24) == """
         mosaic  k7f2   ▶ running   0:00:08         redis ●  workers 1  slots 2/2  live
         ████████▓▓▒▒▒▒░░░░░░░░░░░░░░░░░  4/14  ✔ 4  ▶ 2  ◌ 7  ✘ 1   0.5/s ▁▁▄▄█▁▁▁
        ╭ 1 Graph ─ 2 Tasks · all 14 · by state ─ 3 Log ───────────────────────────────╮
        │ ✘ mProject:2    exit 1          0:00:02  node-a #2  ERROR: no overlap betwe… │
        │ ▶ mDiffFit:3    running         0:00:01  node-a                              │
        │ ▶ mDiffFit:4    running         0:00:01  node-a                              │
        │ ◌ mDiffFit:2    waits for proj_1                                             │
        │ ◌ mConcatFit:1  waits for diff_1 and 2 more                                  │
        │ ◌ mBackground:1 waits for corrections                                        │
        │ ◌ mBackground:2 waits for proj_1 and 1 more                                  │
        │ ◌ mBackground:3 waits for corrections                                        │
        │ ◌ mBackground:4 waits for corrections                                        │
        │ ◌ mAdd:1        waits for bg_0 and 3 more                                    │
        │ ✔ mProject:1    done            0:00:02  node-a                              │
        │ ✔ mProject:3    done             900 ms  node-a                              │
        │ ✔ mProject:4    done             800 ms  node-a                              │
        │ ✔ mDiffFit:1    done              31 ms  node-a                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        ╰──────────────────────────────────────────────────────────────────────────────╯
         Enter open   r retry   R retry all   s skip   / filter   ? help   q leave
        """)
  }

  @Test func `the graph alone has longer bars`() throws {
    #expect(
      try screen(80, 24, .character("1")) == """
         mosaic  k7f2   ▶ running   0:00:08         redis ●  workers 1  slots 2/2  live
         ████████▓▓▒▒▒▒░░░░░░░░░░░░░░░░░  4/14  ✔ 4  ▶ 2  ◌ 7  ✘ 1   0.5/s ▁▁▄▄█▁▁▁
        ╭ 1 Graph ─ 2 Tasks ─ 3 Log ───────────────────────────────────────────────────╮
        │ ✘   mProject     ██████████████████████████████▓▓▓▓▓▓▓▓▓▓ 3/4 ✘ 1   1.4 s    │
        │ ├─╮                                                                          │
        │ ▶ │ mDiffFit     ██████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░ 1/4       31 ms    │
        │ │ │                                                                          │
        │ ◌ │ mConcatFit   ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0/1                │
        │ ├─╯                                                                          │
        │ ◌   mBackground  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0/4                │
        │ │                                                                            │
        │ ◌   mAdd         ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0/1                │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        ╰──────────────────────────────────────────────────────────────────────────────╯
         Enter open   r retry   R retry all   s skip   / filter   ? help   q leave
        """)
  }

  @Test func `an ASCII log`() throws {
    #expect(
      try screen(80, 24, ascii: true, .character("3")) == """
         mosaic  k7f2   > running   0:00:08         redis *  workers 1  slots 2/2  live
         ########xx>>>>.................  4/14  + 4  > 2  . 7  x 1   0.5/s
        + 1 Graph - 2 Tasks - 3 Log - mProject:2 - attempt 2 - complete ---------------+
        | 12:26:41   reading p2mass-017.fits                                           |
        | 12:26:41   fitting plane, 1024 points                                        |
        | 12:26:42 ! ERROR: no overlap between images 17 and 18                        |
        | ---------- exit 1 after 2.1 s, max 212 MB, node-a -------------------------- |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        |                                                                              |
        +------------------------------------------------------------------------------+
         Enter open   r retry   R retry all   s skip   / filter   ? help   q leave
        """)
  }

  @Test func `60 by 16 is the smallest with panes`() throws {
    #expect(
      try screen(60, 16, ascii: true, .character("1")) == """
         mosaic  k7f2   > running   0:00:08           redis *  live
         ######x>>>.............  4/14  + 4  > 2  . 7  x 1   0.5/s
        + 1 Graph - 2 Tasks - 3 Log -------------------------------+
        | x   mProject     ##################xxxxx 3/4 x 1   1.4 s |
        | +-+                                                      |
        | > | mDiffFit     #####>>>>>>>>>>>....... 1/4       31 ms |
        | | |                                                      |
        | . | mConcatFit   ....................... 0/1             |
        | +-+                                                      |
        | .   mBackground  ....................... 0/4             |
        | |                                                        |
        | .   mAdd         ....................... 0/1             |
        |                                                          |
        |                                                          |
        +----------------------------------------------------------+
         Enter open   r retry   R retry all   ? help   q leave
        """)
  }

  @Test func `smaller ones have one line`() throws {
    #expect(
      try screen(59, 5) == """
        ▶ 4/14 ✘ 1 0:00:08 mosaic



        60x16 shows more   q leave
        """)
  }

  @Test func `the detail of a waiting task says what it waits for`() throws {
    #expect(
      try screen(80, 24, .character("2"), .down, .down, .down, .down, .enter) == """
         mosaic  k7f2   ▶ running   0:00:08         redis ●  workers 1  slots 2/2  live
         ████████▓▓▒▒▒▒░░░░░░░░░░░░░░░░░  4/14  ✔ 4  ▶ 2  ◌ 7  ✘ 1   0.5/s ▁▁▄▄█▁▁▁
        ╭ mConcatFit:1 ────────────────────────────────────────────────────────────────╮
        │ state      ◌ waiting                                                         │
        │ why        diff_1: 0 of 1 there.  ◌ mDiffFit:2                               │
        │            diff_2: 0 of 1 there.  ▶ mDiffFit:3                               │
        │            diff_3: 0 of 1 there.  ▶ mDiffFit:4                               │
        │ process    mConcatFit, number 9, firing 1 of 1                               │
        │ command    mConcatFit -v in.fits                                             │
        │ inputs     ✔ diff_0   ◌ diff_1   ◌ diff_2   ◌ diff_3                         │
        │ outputs    ◌ corrections                                                     │
        │ attempts   none                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        │                                                                              │
        ╰──────────────────────────────────────────────────────────────────────────────╯
         R retry all   ? help   q leave   Esc close
        """)
  }

  @Test func `the detail of a failed task lists its attempts`() throws {
    #expect(
      try screen(100, 20, .enter) == """
         mosaic  k7f2   ▶ running   0:00:08
         ███████████▓▓▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░  4/14  ✔
        ╭ mProject:2 ─────────────────────────────────────
        │ state      ✘ failed  exit 1
        │ why        it stays so by itself: r retries, s s
        │ process    mProject, number 2, firing 1 of 1
        │ command    mProject -v in.fits
        │ inputs     ✔ raw_1
        │ outputs    ◌ proj_1
        │ attempts      end               host          qu
        │            1  exit 1            node-a
        │            2  exit 1            node-a         1
        │ last line  ERROR: no overlap between images 17 a
        │
        │
        │
        │
        │
        ╰─────────────────────────────────────────────────
         r retry   R retry all   s skip   ? help   q leave
                      redis ●  workers 1  slots 2/2  live
        4  ▶ 2  ◌ 7  ✘ 1   0.5/s ▁▁▄▄█▁▁▁
        ─────────────────────────────────────────────────╮
                                                         │
        kips it as if it had succeeded                   │
                                                         │
                                                         │
                                                         │
                                                         │
        eued     ran     cpu     max                     │
        0 ms  300 ms  150 ms  212 MB                     │
        .7 s   2.1 s   1.1 s  212 MB                     │
        nd 18                                            │
                                                         │
                                                         │
                                                         │
                                                         │
                                                         │
        ─────────────────────────────────────────────────╯
           Esc close
        """)
  }

  @Test func `the help comes from the key table`() throws {
    #expect(
      try screen(120, 32, .character("?")) == """
         mosaic  k7f2   ▶ running   0:00:08
         █████████████▓▓▓▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░  4/14  ✔ 4
        ╭ Help · Esc closes ────────────────────────────────────────
        │ Act
        │   r         retry the selected task
        │   R         retry all failed tasks
        │   s         skip the failed task: emit its outputs
        │   x         cancel the selected running task
        │
        │ Look
        │   Enter     open what the cursor is on
        │   /         show only tasks with some text
        │   f         pane on the whole screen
        │   F         follow the log, or pause it
        │   Esc       back: close, unfilter, unfull
        │   1         graph
        │   2         tasks
        │   3         log
        │   Tab       next pane
        │   S-Tab     previous pane
        │
        │ States
        │   ◌ waiting      ○ no slot      ⋯ queued
        │   ▶ running      ✔ done         ✘ failed
        │   ‽ lost         » skipped      ⊘ cancelled
        │
        │
        │
        │
        │
        ╰───────────────────────────────────────────────────────────
         r retry   R retry all   s skip   ? help   q leave   Esc clo
                                redis ●  workers 1  slots 2/2  live
         ▶ 2  ◌ 7  ✘ 1   0.5/s ▁▁▄▄█▁▁▁
        ───────────────────────────────────────────────────────────╮
              Move                                                 │
                Up k      up                                       │
                Down j    down                                     │
                Left h    pane to the left                         │
                Right l   pane to the right                        │
                PgUp      a page up                                │
                PgDn      a page down                              │
                Ctrl-u    half a page up                           │
                Ctrl-d    half a page down                         │
                g Home    to the first                             │
                G End     to the last; the log follows             │
                                                                   │
              Program                                              │
                ?         this help                                │
                M         mouse on or off                          │
                Ctrl-l    draw the screen again                    │
                Ctrl-z    suspend                                  │
                q         leave                                    │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
                                                                   │
        ───────────────────────────────────────────────────────────╯
        se
        """)
  }
}
