/**
 * Talks to the service that served the page, and to nobody else. An answer is a value: what was
 * asked for, or a problem (RFC 9457). An access key that somebody types in is held in this module
 * only and is gone with the page.
 */
/** @import { Problem } from '../../../schemas/problem.ts' */
/** @import { Posture } from '../../../schemas/posture/posture.ts' */
/** @import { PostureRequest } from '../../../schemas/requests/domain.ts' */
/** @import { SmtpFacts } from '../../../schemas/smtp.ts' */
/** @import { OverlayRecord } from '../../../schemas/dns.ts' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */
/** @import { Samples } from '../../../schemas/samples.ts' */

/**
 * @template Value
 * @typedef {{ ok: true, value: Value } | { ok: false, problem: Problem }} Outcome
 */

/**
 * @typedef {{ smtp?: SmtpFacts, trustReceived?: string[], dns?: readonly OverlayRecord[] }}
 * VerifyFacts beside the message
 */

let accessKey = '';

/** Sends this key with every further request. @param {string} key */
export const useAccessKey = (key) => {
  accessKey = key.trim();
};

/** Whether a key goes with every request. */
export const usesAccessKey = () => accessKey !== '';

/**
 * Asks the service.
 * @template Value
 * @param {string} path
 * @param {RequestInit} [init]
 * @param {(response: Response) => Promise<Value>} [read] how what was asked for is read
 * @returns {Promise<Outcome<Value>>} rejects with AbortError only
 */
export const ask = async (path, init = {}, read = (response) => response.json()) => {
  const headers = new Headers(init.headers);
  if (accessKey !== '') headers.set('authorization', `Bearer ${accessKey}`);
  try {
    const response = await fetch(path, { ...init, headers });
    if (response.ok) return { ok: true, value: await read(response) };
    return { ok: false, problem: await response.json() };
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    const detail = 'The service does not answer, or not in JSON. Is it still running?';
    return { ok: false, problem: { type: 'about:blank', title: 'No answer', status: 0, detail } };
  }
};

/** A request that sends JSON. @param {unknown} body @param {AbortSignal} signal @returns {RequestInit} */
export const posting = (body, signal) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  signal,
});

/**
 * The request that judges a message, as JSON. Octets go as base64, so that none of them changes.
 * @param {Uint8Array} message
 * @param {VerifyFacts} facts
 */
export const verifyRequest = (message, facts) => ({
  message: toBase64(message),
  encoding: 'base64',
  ...(facts.smtp !== undefined && Object.keys(facts.smtp).length > 0 && { smtp: facts.smtp }),
  ...(facts.trustReceived !== undefined && { trustReceived: facts.trustReceived }),
  ...(facts.dns !== undefined && facts.dns.length > 0 && { dns: facts.dns }),
  include: ['trace', 'evidence', 'mime'],
});

/**
 * Has a message judged.
 * @param {Uint8Array} message
 * @param {VerifyFacts} facts
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome<Verdict>>} rejects with AbortError only
 */
export const verify = (message, facts, signal) => ask('/v1/verify', posting(verifyRequest(message, facts), signal));

/**
 * Has a domain assessed, with records laid over what it publishes.
 * @param {string} domain
 * @param {PostureRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome<Posture>>} rejects with AbortError only
 */
export const assess = (domain, request, signal) =>
  ask(`/v1/domains/${encodeURIComponent(domain)}`, posting(request, signal));

/** The samples. @returns {Promise<Outcome<Samples>>} */
export const samples = () => ask('/examples.json');

/** Octets that one call of String.fromCharCode takes without overflowing the stack. */
const CHUNK = 8192;

/** Octets as JSON carries them (RFC 4648 section 4). @param {Uint8Array} bytes */
export const toBase64 = (bytes) => {
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK)
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  return btoa(text);
};
