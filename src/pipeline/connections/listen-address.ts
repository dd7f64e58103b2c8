/**
 * Listening addresses in the notations of Postfix and Sendmail, read and written. Pure.
 */

/** A listening address, parsed. */
export type ListenAddress = { kind: 'inet'; host: string; port: number } | { kind: 'unix'; path: string };

/**
 * Parses an address that the settings have checked: `inet:port@host`, `inet:host:port`,
 * `unix:/path`, `local:/path`.
 */
export const parseListenAddress = (text: string): ListenAddress => {
  const path = /^(?:unix|local):(\/.*)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'unix', path };
  const sendmail = /^inet6?:(\d+)@(.+)$/.exec(text);
  const [, port = '', host = ''] = sendmail ?? [];
  if (sendmail !== null) return { kind: 'inet', host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  const colon = text.lastIndexOf(':');
  return {
    kind: 'inet',
    host: text.slice('inet:'.length, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(text.slice(colon + 1)),
  };
};

/** An address as people write it. */
export const writeListenAddress = (address: ListenAddress): string =>
  address.kind === 'unix'
    ? `unix:${address.path}`
    : `inet:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
