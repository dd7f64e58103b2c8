/**
 * The words that structured fields are made of: comments and folding white space (RFC 5322 section
 * 3.2.2), quoted strings (3.2.4). Each reader takes a text and a place in it, and says where it
 * stopped. Something unclosed reads to the end of the text and says so, so that nothing is scanned
 * twice; nesting is counted, never recursed into, so that no depth of it can exhaust the stack.
 */

/** What was read, and where it ended. */
type Lexeme = {
  /** Content without the outer delimiters and with quoted pairs resolved. */
  readonly content: string;
  /** Place after the last character read. */
  readonly end: number;
  /** False when the text ended first. */
  readonly closed: boolean;
};

/** White space and comments between two words. */
type Cfws = {
  readonly comments: readonly string[];
  readonly end: number;
  /** Place of a comment that is never closed. */
  readonly unclosedAt?: number;
};

/** True for space, tab, CR and LF: the characters that folding white space is made of. */
export function isFoldingSpace(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n';
}

/** Reads the quoted string whose opening quote is at `start` (RFC 5322 section 3.2.4). */
export function readQuotedString(text: string, start: number): Lexeme {
  const parts: string[] = [];
  let at = start + 1;
  let partStart = at;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return { content: parts.join('') + text.slice(partStart, at), end: at + 1, closed: true };
    if (character !== '\\') continue;
    parts.push(text.slice(partStart, at));
    at += 1;
    partStart = at;
  }
  return { content: parts.join('') + text.slice(partStart), end: text.length, closed: false };
}

/**
 * Reads the comment whose parenthesis is at `start`; comments inside it stay in the content
 * with their parentheses.
 */
export function readComment(text: string, start: number): Lexeme {
  const parts: string[] = [];
  let depth = 1;
  let at = start + 1;
  let partStart = at;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (character === ')') {
      depth -= 1;
      if (depth === 0) return { content: parts.join('') + text.slice(partStart, at), end: at + 1, closed: true };
    } else if (character === '\\') {
      parts.push(text.slice(partStart, at));
      at += 1;
      partStart = at;
    }
  }
  return { content: parts.join('') + text.slice(partStart), end: text.length, closed: false };
}

/** Reads past white space and comments (CFWS). */
export function readCfws(text: string, start: number): Cfws {
  const comments: string[] = [];
  let at = start;
  while (at < text.length) {
    if (isFoldingSpace(text.charAt(at))) {
      at += 1;
      continue;
    }
    if (text.charAt(at) !== '(') break;
    const comment = readComment(text, at);
    comments.push(comment.content);
    if (!comment.closed) return { comments, end: comment.end, unclosedAt: at };
    at = comment.end;
  }
  return { comments, end: at };
}

/** The place of the first character from `start` on that `stop` accepts, or the end of the text. */
export function readUntil(text: string, start: number, stop: (character: string) => boolean): number {
  let at = start;
  while (at < text.length && !stop(text.charAt(at))) at += 1;
  return at;
}
