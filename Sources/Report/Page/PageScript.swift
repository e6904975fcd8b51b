/// The page's only script: sorts, filters and extends the table of tasks. It creates text
/// nodes, never HTML.
enum PageScript {
  /// Allows this script and inline styles only. After a change of `code`, the test of this
  /// file prints the new digest.
  static let policy: Markup = """
    default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'
    """
  static let digest = "bhpy4m3wBZE4g215Ik/Wl3aI7AdY+ETusinfhWUG+No="

  static let code = Markup(html: text)

  private static let text = #"""
    "use strict";
    (function () {
      var table = document.querySelector("table.tasks");
      if (!table) return;
      var data = JSON.parse(document.getElementById("data").textContent);
      var body = table.tBodies[0], heads = table.tHead.rows[0].cells;
      var controls = document.querySelector(".controls");
      var field = controls.querySelector("input"), status = controls.querySelector(".shown");
      var visible = data.rows, shown = 0, column = -1, down = false;
      var STATE = 0, LABEL = 1, TRIES = 2, WHY = 3, HOST = 4, WAIT = 5, CPU = 10, MEMORY = 11;
      var ON_PATH = 12, COMMAND = 13, EARLIER = 14, PAGE = 200;

      function length(ms) {
        if (ms === null) return "–";
        if (ms < 1000) return ms ? ms + " ms" : "0";
        if (ms < 9950) return (ms / 1000).toFixed(1) + " s";
        var s = Math.floor(ms / 1000);
        if (ms < 59500) return Math.round(ms / 1000) + " s";
        function two(n) { return (n < 10 ? "0" : "") + n; }
        var days = Math.floor(s / 86400);
        var clock = ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
        var hours = Math.floor(s / 3600) % 24;
        return days ? days + "d " + two(hours) + clock : hours + clock;
      }
      function size(kb) {
        var bytes = kb * 1024, units = ["B", "kB", "MB", "GB", "TB"], unit = 0;
        if (!bytes) return "–";
        while (bytes >= 999.5 && unit < 4) { bytes /= 1000; unit += 1; }
        return (unit && bytes < 9.95 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[unit];
      }
      function add(parent, name, text, style) {
        var node = document.createElement(name);
        if (text !== undefined) node.textContent = text;
        if (style) node.className = style;
        parent.appendChild(node);
        return node;
      }
      function figures(line, row, first) {
        add(line, "td", data.texts[row[first]], "why");
        add(line, "td", data.texts[row[first + 1]]);
        for (var i = 2; i < 7; i++) add(line, "td", length(row[first + i]), "n");
        add(line, "td", row[first + 7] ? length(row[first + 7]) : "–", "n");
        add(line, "td", size(row[first + 8]), "n");
      }
      function show(row) {
        var line = add(body, "tr", undefined, "task");
        var state = add(line, "td", undefined, data.states[row[STATE]][1]);
        add(state, "b", data.states[row[STATE]][0]);
        state.appendChild(document.createTextNode(" " + data.states[row[STATE]][1]));
        var name = add(line, "th", row[LABEL]);
        name.scope = "row";
        if (row[ON_PATH]) add(name, "i", " ◆", "mark").title = "on the critical path";
        add(line, "td", String(row[TRIES]), "n");
        figures(line, row, WHY);
        line.addEventListener("click", function () { toggle(line, row); });
      }
      function toggle(line, row) {
        if (String(window.getSelection())) return;
        var open = line.classList.toggle("open");
        while (line.nextSibling && line.nextSibling.classList.contains("detail"))
          body.removeChild(line.nextSibling);
        if (!open) return;
        var after = line.nextSibling;
        row[EARLIER].forEach(function (attempt) {
          var detail = document.createElement("tr");
          detail.className = "detail";
          add(detail, "td");
          add(detail, "td", "attempt " + attempt[0]);
          add(detail, "td");
          figures(detail, attempt, 1);
          body.insertBefore(detail, after);
        });
        var last = document.createElement("tr");
        last.className = "detail";
        add(last, "td");
        var cell = add(last, "td");
        cell.colSpan = heads.length - 1;
        add(cell, "code", data.texts[row[COMMAND]]);
        body.insertBefore(last, after);
      }
      function more() {
        visible.slice(shown, shown + PAGE).forEach(show);
        shown = Math.min(shown + PAGE, visible.length);
      }
      function restart() {
        body.textContent = "";
        shown = 0;
        more();
        status.textContent = visible.length === data.rows.length
          ? "" : visible.length + " of " + data.rows.length;
      }
      function matches(row, words) {
        var text = [
          row[LABEL], data.states[row[STATE]][1], data.texts[row[WHY]], data.texts[row[HOST]],
          data.texts[row[COMMAND]]
        ].join(" ").toLowerCase();
        return words.every(function (word) { return text.indexOf(word) >= 0; });
      }
      var names = new Intl.Collator(undefined, { numeric: true });
      function compare(a, b) {
        if (column === LABEL) return names.compare(a[LABEL], b[LABEL]);
        var x = a[column], y = b[column];
        if (column === WHY || column === HOST) return names.compare(data.texts[x], data.texts[y]);
        return (x === null ? -1 : x) - (y === null ? -1 : y);
      }
      function arrange() {
        var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
        visible = data.rows.filter(function (row) { return matches(row, words); });
        if (column >= 0) visible.sort(function (a, b) { return (down ? -1 : 1) * compare(a, b); });
        restart();
      }
      Array.prototype.forEach.call(heads, function (head, index) {
        head.tabIndex = 0;
        function choose() {
          down = column === index ? !down : index >= WAIT || index === TRIES;
          column = index;
          Array.prototype.forEach.call(heads, function (other) {
            other.removeAttribute("aria-sort");
          });
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          arrange();
        }
        head.addEventListener("click", choose);
        head.addEventListener("keydown", function (event) {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); }
        });
      });
      field.addEventListener("input", arrange);
      controls.hidden = false;
      document.documentElement.classList.add("live");
      restart();
      var end = document.createElement("div");
      table.parentNode.appendChild(end);
      new IntersectionObserver(function (entries) {
        if (entries[0].isIntersecting) more();
      }, { rootMargin: "600px" }).observe(end);
      window.addEventListener("beforeprint", function () {
        while (shown > data.plain && body.rows.length > data.plain) body.deleteRow(-1);
        shown = Math.min(shown, data.plain);
      });
    })();
    """#
}
