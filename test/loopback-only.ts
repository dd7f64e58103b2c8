/**
 * Preloaded into every test process: a test may reach servers on the loopback interface only. Any
 * other address, and node's own DNS, throws, so that no test depends on the world.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import net, { isIP } from 'node:net';

const isLoopback = (host: string | undefined): boolean =>
  host === undefined || host === 'localhost' || /^127\./.test(host) || host === '::1' || host === '::ffff:127.0.0.1';

const refuse = (what: string): never => {
  throw new Error(`tests stay on the loopback interface: ${what}`);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const host =
    typeof first === 'object' && first !== null
      ? (first as { host?: string; path?: string })
      : { host: typeof second === 'string' ? second : undefined };
  if (!('path' in host && host.path) && !isLoopback(host.host)) refuse(`TCP to ${host.host}`);
  return Reflect.apply(connect, this, args);
} as typeof connect;

const udpConnect = dgram.Socket.prototype.connect;
dgram.Socket.prototype.connect = function (this: dgram.Socket, ...args: unknown[]) {
  if (typeof args[1] === 'string' && !isLoopback(args[1])) refuse(`UDP to ${args[1]}`);
  return Reflect.apply(udpConnect, this, args);
} as typeof udpConnect;

// `lookup` of an IP literal or of localhost asks nobody; net and dgram call it for every
// connection.
const { lookup } = dns;
dns.lookup = ((host: string, ...rest: unknown[]) =>
  isIP(host) !== 0 || isLoopback(host)
    ? Reflect.apply(lookup, dns, [host, ...rest])
    : refuse(`a look-up of ${host}`)) as typeof lookup;
for (const name of ['resolve', 'resolve4', 'resolve6', 'resolveTxt', 'resolveMx', 'resolvePtr', 'reverse'] as const) {
  dns[name] = (() => refuse(`dns.${name}`)) as never;
  dns.promises[name] = (() => refuse(`dns.promises.${name}`)) as never;
}
