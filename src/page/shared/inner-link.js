/** Links to views of this page, which are followed without loading it again. */

/**
 * Has a click on a link go to its address on this page. With a modifier key the browser opens a tab
 * or a window, as with every link.
 * @param {Element} link
 * @param {(address: string) => void} go
 */
export const followHere = (link, go) =>
  link.addEventListener('click', (event) => {
    if (!(event instanceof MouseEvent) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute('href') ?? '/');
  });
