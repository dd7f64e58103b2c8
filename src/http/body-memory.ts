/**
 * The part of the account of memory that HTTP bodies take: each caller has a share of its own, so
 * that one caller cannot take it all. A caller whose only body is the one that grows may pass its
 * share, or else a body that the other limits allow could never be sent.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Memory } from '../message/memory.ts';
import type { Room } from '../message/octets.ts';
import { type ClientAddress, clientNetwork } from './client-address.ts';

/**
 * Opens an account for one request; what it holds is given back when its answer has been sent or
 * its connection is gone.
 */
export type OpenBodyRoom = (request: FastifyRequest, reply: FastifyReply) => Room;

/** @param memory account of the service @param maxCallerBytes share of one caller in bytes */
export const createBodyRooms = (memory: Memory, maxCallerBytes: number, clientAddress: ClientAddress): OpenBodyRoom => {
  const callers = new Map<string, { reserved: number; bodies: number }>();
  return (request, reply) => {
    const name = clientNetwork(clientAddress(request.raw));
    const caller = callers.get(name) ?? { reserved: 0, bodies: 0 };
    callers.set(name, caller);
    caller.bodies += 1;
    let reserved = 0;
    let ended = false;
    const release = (bytes: number): void => {
      const given = Math.min(bytes, reserved);
      reserved -= given;
      caller.reserved -= given;
      memory.release(given);
    };
    reply.raw.once('close', () => {
      ended = true;
      release(reserved);
      caller.bodies -= 1;
      if (caller.bodies === 0) callers.delete(name);
    });
    return {
      reserve: (bytes) => {
        if (ended || (caller.bodies > 1 && caller.reserved + bytes > maxCallerBytes) || !memory.reserve(bytes))
          return false;
        reserved += bytes;
        caller.reserved += bytes;
        return true;
      },
      release,
    };
  };
};
