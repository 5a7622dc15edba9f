/**
 * Creates an element. Names of jobs, projects and branches are other people's, so text is only ever text here.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | undefined>>} [attributes] undefined ones are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/**
 * The element of the page with that id.
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}

/**
 * Sets text only if it differs, so that screen readers and selections are left alone.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Puts children into that order with as few moves as possible. One that has the focus keeps it.
 * @param {Element} parent
 * @param {readonly HTMLElement[]} children
 */
export function arrange(parent, children) {
  const focused = document.activeElement;
  const wanted = new Set(/** @type {readonly Element[]} */ (children));
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  for (const [index, child] of children.entries()) {
    const current = parent.children[index];
    if (current !== child) parent.insertBefore(child, current ?? null);
  }
  if (focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused))
    focused.focus({ preventScroll: true });
}

/**
 * A link to a web page; plain text if the URL is of any other kind.
 * @param {string | undefined} url
 * @param {string} text
 */
export function webLink(url, text) {
  if (url === undefined || !/^https?:\/\//i.test(url)) return element('span', {}, text);
  return element('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, text);
}

/**
 * The time of day here, with seconds.
 * @param {number} at
 */
export function clock(at) {
  return new Date(at).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}
