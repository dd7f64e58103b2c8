/** The view of a domain. */

/** @param {string} _domain */
export const showDomain = (_domain) => {};

/** @param {(domain: string) => void} _go */
export const startDomainView = (_go) => {};
