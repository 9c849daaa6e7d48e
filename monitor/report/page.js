"use strict";
// Without this the page says the same: it only sorts tables, and finds rows in long ones.
const key = (row, at) => {
  const cell = row.cells[at];
  return cell.dataset.sort === undefined ? cell.textContent.trim().toLowerCase() : Number(cell.dataset.sort);
};

const sort = (table, heading, at) => {
  const rising = heading.getAttribute("aria-sort") === "descending";
  const body = table.tBodies[0];
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (rising ? 1 : -1);
  const rows = [...body.rows].map((row) => [key(row, at), row]);
  rows.sort(([a], [b]) => (typeof a === typeof b ? order(a, b) : typeof a === "number" ? -1 : 1));
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
  body.append(...rows.map(([, row]) => row));
};

const finder = (table) => {
  const field = document.createElement("input");
  field.type = "search";
  field.className = "find";
  field.placeholder = `Find among ${table.tBodies[0].rows.length} rows`;
  field.setAttribute("aria-label", field.placeholder);
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
  });
  return field;
};

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, at) => {
    if (!heading.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, heading, at));
  });
  if (table.tBodies[0].rows.length > 20) table.parentElement.before(finder(table));
}
