/// The style of the page: light, dark, and printed.
enum PageStyle {
  static let css = Markup(html: colors + layout + charts + tables + paper)

  private static let colors = """
    :root {
      color-scheme: light dark;
      --page: #fff; --panel: #f6f7f9; --line: #e3e6ea; --text: #1b1f24; --dim: #5c6570;
      --accent: #0b63c5; --ok: #1a7f45; --bad: #c62f2f; --warn: #9a6200; --odd: #9b3fa0;
      --run: #2f7ed8; --queue: #e0b040; --wait: #c3c9d1; --dispatch: #9a7fd1; --notify: #58b3a6;
      --s0: #a8b0ba; --s1: #4269d0; --s2: #e3a51a; --s3: #3ca98c; --s4: #a463c8; --s5: #6cb6e8;
      --s6: #9c6b4e; --s7: #e98bb8; --s8: #6a994e; --s9: #55606e; --pre: #1b1f24; --on: #e9edf1;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #101418; --panel: #181d23; --line: #2b323a; --text: #e4e8ec; --dim: #98a2ad;
        --accent: #6cb2ff; --ok: #4cc38a; --bad: #ff6b6b; --warn: #e6b04c; --odd: #d68adb;
        --run: #4d94e8; --queue: #d6a63a; --wait: #4a535d; --dispatch: #9a83d6; --notify: #4fa99c;
        --s0: #66707b; --s1: #6b8cf0; --s9: #8893a0; --pre: #0a0d10; --on: #d5dbe1;
      }
    }

    """

  private static let layout = """
    * { box-sizing: border-box; margin: 0; }
    body {
      background: var(--page); color: var(--text); padding: 40px 24px 24px;
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      font-variant-numeric: tabular-nums;
    }
    main, footer { max-width: 1136px; margin: 0 auto; }
    h1 { font-size: 34px; line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; }
    h2 { font-size: 20px; letter-spacing: -.01em; margin: 52px 0 14px; }
    h2 small { font-size: 14px; font-weight: 400; color: var(--dim); margin-left: 8px; }
    .lead { font-size: 17px; color: var(--dim); margin: 6px 0 18px; }
    #path .lead { font-size: 15px; }
    .note { color: var(--dim); font-size: 13px; margin-top: 10px; }
    code, pre, .signature { font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
    .pill {
      display: inline-block; font-weight: 600; font-size: 13px; padding: 3px 12px 3px 10px;
      border-radius: 99px; margin-bottom: 12px; color: #fff; background: var(--dim);
    }
    .pill.succeeded { background: #1a7f45; } .pill.failed { background: #c62f2f; }
    .pill.running { background: #0b63c5; } .pill.blocked { background: #9a6200; }
    .facts { display: flex; flex-wrap: wrap; gap: 4px 36px; margin: 22px 0; }
    .facts dt { font-size: 12px; color: var(--dim); }
    .facts dd { overflow-wrap: anywhere; }
    .meter { display: flex; height: 12px; border-radius: 6px; overflow: hidden; gap: 1px;
      background: var(--panel); }
    .meter i { min-width: 2px; background: var(--wait); }
    .meter .succeeded { background: var(--ok); } .meter .failed { background: var(--bad); }
    .meter .lost, .meter .skipped { background: var(--odd); }
    .meter .running { background: var(--run); } .meter .retrying { background: var(--queue); }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 20px; list-style: none; padding: 0;
      margin-top: 10px; font-size: 13px; color: var(--dim); }
    .succeeded b { color: var(--ok); } b.succeeded { color: var(--ok); }
    .failed b, b.failed, .bad { color: var(--bad); }
    b.lost, .lost b, b.skipped, .skipped b { color: var(--odd); }
    b.retrying, .retrying b, b.held { color: var(--warn); }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 1px;
      list-style: none; padding: 0; border: 1px solid var(--line); border-radius: 10px;
      overflow: hidden; }
    .tiles li { box-shadow: 0 0 0 1px var(--line); padding: 12px 16px; min-width: 0; }
    .tiles span, .tiles small { display: block; font-size: 12px; color: var(--dim);
      overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .tiles strong { font-size: 22px; font-weight: 600; letter-spacing: -.01em;
      white-space: nowrap; }
    .failure { border: 1px solid var(--line); border-left: 4px solid var(--bad);
      border-radius: 8px; padding: 16px 20px; margin-bottom: 14px; }
    .failure h3 { font-size: 16px; display: flex; flex-wrap: wrap; gap: 0 10px;
      align-items: baseline; }
    .failure h3 b { color: var(--bad); }
    .failure h3 span, .failure time { font-weight: 400; color: var(--dim); font-size: 14px; }
    .failure time { margin-left: auto; }
    .signature { margin-top: 6px; overflow-wrap: anywhere; }
    figcaption { font-size: 12px; color: var(--dim); margin: 12px 0 4px; }
    pre { background: var(--pre); color: var(--on); border-radius: 6px; padding: 10px 14px;
      overflow-x: auto; }
    .names, .blocked, .notices { list-style: none; padding: 0; font-size: 13px; }
    .names { display: flex; flex-wrap: wrap; gap: 2px 14px; color: var(--dim); margin-top: 10px; }
    footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--line);
      color: var(--dim); font-size: 12.5px; }
    .notices time { color: var(--dim); margin-right: 10px; }

    """

  private static let charts = """
    svg { display: block; width: 100%; height: auto; }
    svg text { font-size: 11px; fill: var(--dim); }
    svg .tick { text-anchor: middle; }
    .grid { stroke: var(--line); fill: none; }
    .area { fill: var(--run); opacity: .35; }
    rect.failed, path.failed { fill: var(--bad); }
    svg .in { fill: #fff; font-size: 10px; pointer-events: none; }
    svg .in.dark { fill: #14181c; }
    .critical { fill: var(--text); }
    \(StagePalette.css)
    .key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px;
      background: var(--wait); }
    .key.failed { background: var(--bad); }
    .key.critical { height: 2px; background: var(--text); vertical-align: 3px; }
    i.wait { background: var(--wait); } i.queue { background: var(--queue); }
    i.dispatch { background: var(--dispatch); } i.run { background: var(--run); }
    i.notify { background: var(--notify); }
    .meter.phases { height: 18px; }
    #time table { margin-top: 18px; }
    .path > div { display: grid; grid-template-columns: 190px 1fr 132px; gap: 14px;
      align-items: center; font-size: 13px; padding: 2px 0; }
    .path span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .path small { color: var(--dim); font-size: 12px; white-space: nowrap; }
    .bar { position: relative; height: 14px; background: var(--panel); border-radius: 3px; }
    .bar i { position: absolute; top: 0; bottom: 0; min-width: 1px; }

    """

  private static let tables = """
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 13px; }
    th, td { text-align: left; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line);
      vertical-align: top; white-space: nowrap; font-weight: 400; }
    thead th { color: var(--dim); font-size: 12px; position: sticky; top: 0;
      background: var(--page); }
    tbody th { font-weight: 600; max-width: 300px; overflow: hidden; text-overflow: ellipsis; }
    td.n, th.n { text-align: right; padding-left: 10px; }
    td.why { white-space: normal; max-width: 340px; overflow-wrap: anywhere; }
    td.why:not(:empty) { min-width: 200px; }
    td.share { width: 16%; min-width: 90px; }
    td.share i { display: block; height: 12px; margin-top: 4px; border-radius: 2px;
      min-width: 1px; }
    table.phases { width: auto; } td.means { color: var(--dim); padding-left: 18px; }
    .mark { font-style: normal; font-size: 9px; color: var(--accent); vertical-align: 2px; }
    .live .tasks thead th { cursor: pointer; user-select: none; }
    .live .tasks thead th:hover { color: var(--text); }
    th[aria-sort]::after { content: " ▴"; } th[aria-sort=descending]::after { content: " ▾"; }
    th[aria-sort] { color: var(--text); }
    .task { cursor: pointer; } .task:hover, .open { background: var(--panel); }
    .detail td { color: var(--dim); } .detail code { white-space: normal; }
    .controls { display: flex; gap: 14px; align-items: center; margin-bottom: 8px; }
    .controls[hidden] { display: none; }
    input { font: inherit; font-size: 14px; color: inherit; background: var(--page); width: 300px;
      border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px; }
    input:focus-visible, th:focus-visible { outline: 2px solid var(--accent); }
    .shown { color: var(--dim); font-size: 13px; } .live .plain { display: none; }

    """

  private static let paper = """
    @media (max-width: 640px) {
      body { padding: 20px 14px; } .path > div { grid-template-columns: 110px 1fr 90px; }
    }
    @media print {
      :root { color-scheme: light; --page: #fff; --panel: #f3f4f6; --line: #d9dce0;
        --text: #000; --dim: #444; --pre: #f3f4f6; --on: #000; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      body { padding: 0; font-size: 12px; }
      table.tasks { font-size: 10px; } .tiles { grid-template-columns: repeat(7, 1fr); }
      .tiles li { padding: 8px 10px; } .tiles strong { font-size: 15px; }
      .controls { display: none; } .live .plain { display: block; }
      .failure, tr, .path > div, .tiles { break-inside: avoid; }
      h2 { break-after: avoid; } thead { display: table-header-group; }
      thead th { position: static; } .scroll { overflow: visible; }
      pre { white-space: pre-wrap; }
    }

    """
}

extension StagePalette {
  /// Shapes in drawings, and elements elsewhere, in the colours of the stages.
  fileprivate static let css = (0...size).map { number in
    ".s\(number) { fill: var(--s\(number)); } i.s\(number) { background: var(--s\(number)); }"
  }.joined(separator: "\n")
}
