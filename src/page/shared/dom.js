/**
 * Makes elements. Every text reaches the document as a text node: nothing here, and nothing on this
 * page, ever parses markup, so a message or a DNS record cannot bring any.
 */

/**
 * @typedef {Node | string | number | null | undefined | false} Child what may stand in an element;
 * null, undefined and false stand for nothing
 */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>}
 * [attributes] a function under `onclick` and the like is a listener; true is an empty attribute;
 * false, null and undefined are none
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined)
      made.setAttribute(name, value === true ? '' : String(value));
  }
  append(made, children.flat());
  return made;
};

/**
 * Makes an SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export const drawing = (tag, attributes, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
};

/** @param {Element} parent @param {Child[]} children */
const append = (parent, children) => {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === 'number' ? String(child) : child);
  }
};

/**
 * Puts new children in the place of the old ones.
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export const fill = (parent, ...children) => {
  parent.replaceChildren();
  append(parent, children.flat());
};

/**
 * The element of index.html with this id.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 * @throws {Error} when there is none of that kind: the page and its script do not belong together
 */
export const byId = (id, kind) => {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} "${id}"`);
  return found;
};

let counter = 0;
/** A fresh id. @param {string} prefix */
export const freshId = (prefix) => {
  counter += 1;
  return `${prefix}-${counter}`;
};
