/**
 * One item between two commas of an address list while its words are read: a display name, an
 * angle bracket and what it holds, and a route, which is passed over. RFC 5322 sections 3.4 and
 * 4.4.
 */
import type { GrammarNotes } from './grammar.ts';
import { isAtSign, isDomain, isSpecial, type Token } from './tokens.ts';

/** One item between two commas. */
export type Item = {
  /** Where it begins. */
  readonly position: number;
  readonly words: Token[];
  /** Text between the angle brackets; null before they are opened. */
  angle: Token[] | null;
  angleClosed: boolean;
  /**
   * The route inside the angle brackets: its words while it is read, or that it has been passed.
   */
  route: Token[] | 'passed' | null;
};

export const emptyItem = (position: number): Item => ({
  position,
  words: [],
  angle: null,
  angleClosed: false,
  route: null,
});

export const isEmpty = (item: Item): boolean => item.angle === null && item.words.length === 0;

/** Puts a token where it belongs within an item. @returns false for a token that ends the item */
export const takeWord = (item: Item, token: Token, notes: GrammarNotes): boolean => {
  const { angle } = item;
  const inAngle = angle !== null && !item.angleClosed;
  if (isSpecial(token, '<')) {
    if (angle !== null) notes.fault('angle-opened-twice', token.position);
    else item.angle = [];
    return true;
  }
  if (isSpecial(token, '>')) {
    if (!inAngle) notes.fault('angle-never-opened', token.position);
    item.angleClosed = true;
    return true;
  }
  if (inAngle && beginsRoute(item, token)) {
    takeRoute(item, token, notes);
    return true;
  }
  if (token.kind === 'special' && !isSpecial(token, '@')) return false;
  if (item.angleClosed) notes.fault('text-after-address', token.position);
  else (angle ?? item.words).push(token);
  return true;
};

/** A route begins with a domain, or an empty member, in place of a local-part. */
const beginsRoute = (item: Item, token: Token): boolean =>
  Array.isArray(item.route) ||
  (item.route === null && item.angle?.length === 0 && token.kind === 'special' && '@,:'.includes(token.content));

/**
 * obs-route, "<@a.example,@b.example:c@d.example>", which is to be passed over (RFC 5322 section
 * 4.4).
 */
const takeRoute = (item: Item, token: Token, notes: GrammarNotes): void => {
  const route = Array.isArray(item.route) ? item.route : [];
  if (!isSpecial(token, ':')) {
    route.push(token);
    item.route = route;
    return;
  }
  const position = route[0]?.position ?? token.position;
  notes.remark('obsolete-route', position);
  if (!isDomainList(route)) notes.fault('malformed-route', position);
  item.route = 'passed';
};

/** obs-domain-list of RFC 5322 section 4.4: domains, each after an at sign, between commas. */
const isDomainList = (route: readonly Token[]): boolean => {
  let hops = 0;
  let hop: Token[] = [];
  for (const token of [...route, null]) {
    if (token !== null && !isSpecial(token, ',')) {
      hop.push(token);
      continue;
    }
    const [sign, ...domain] = hop;
    if (sign !== undefined && !(isAtSign(sign) && domain.length > 0 && isDomain(domain))) return false;
    if (sign !== undefined) hops += 1;
    hop = [];
  }
  return hops > 0;
};
