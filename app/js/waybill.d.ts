/**
 * What a client is at:
 * - `connecting`: it gets a token, connects and waits for the greeting;
 * - `open`: it has been greeted;
 * - `waiting`: it waits before the next attempt;
 * - `offline`: it waits until the browser has a network;
 * - `closed`: it comes back no more, after `close()`, the abort of `signal` or a close code
 *   from 4500 to 4999.
 */
export type State = "connecting" | "open" | "waiting" | "offline" | "closed";

/** The part of a WebSocket that the client uses. Browsers, Node 22 and its package ws have
 * one. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  addEventListener(type: any, listener: (event: any) => void): void;
  send(data: any): void;
  close(): void;
}

/** The part of an EventSource that the client uses. */
export interface EventSourceLike {
  addEventListener(type: any, listener: (event: any) => void): void;
  close(): void;
}

export interface Options {
  /** Topics to listen to. None by default. */
  topics?: readonly string[];

  /** Asked for a token before each connection, where nodes run with `--auth jwt`. If it
   * fails, so has the attempt. */
  token?: () => string | Promise<string>;

  /** Whether nodes greet: false where they run with `--greeting ''`. True by default. */
  greeting?: boolean;

  /** Milliseconds between heartbeats on a WebSocket, where nodes run with `--heartbeat
   * ping=pong`. A connection that is silent for one and a half of them is dead. None by
   * default. */
  heartbeat?: number;

  /** The heartbeat. "ping" by default. */
  ping?: string;

  /** The answer to a heartbeat, which is no message. "pong" by default. */
  pong?: string;

  /** Milliseconds that the first wait takes at most; each one after a failure, twice as
   * long as the one before. 500 by default. */
  minDelay?: number;

  /** Milliseconds that any wait takes at most. 30,000 by default. */
  maxDelay?: number;

  /** Milliseconds in which the greeting must come, from the call of `token` on. 20,000 by
   * default. */
  timeout?: number;

  /** Closes the client when it is aborted. */
  signal?: AbortSignal;

  /** The class of WebSockets. By default the global one. */
  WebSocket?: new (url: string, protocols: string[]) => WebSocketLike;

  /** The class of event streams, which are used after two WebSockets that failed. By
   * default the global one; without it, or with null, there is no fallback. */
  EventSource?: (new (url: string) => EventSourceLike) | null;
}

/** The node has greeted: a push can reach this client from now on. */
export interface OpenEvent extends Event {
  /** The greeting; empty where nodes do not greet. */
  readonly greeting: string;
}

/** A push, or an echo of what this client has sent. */
export interface PushEvent extends Event {
  /** The payload: a text, or bytes if the push was binary. */
  readonly data: string | ArrayBuffer;
  /** The name of the push; undefined if it came by the open channel. */
  readonly push?: string;
  /** Set if the push was kept for this client. It is told once, even if it comes again. */
  readonly kept?: true;
  /** The topic that it was pushed to; undefined for pushes to the id, and to everyone. */
  readonly topic?: string;
}

/** A connection, or an attempt to connect, has ended, but not by `close()`. */
export interface EndEvent extends Event {
  /** The close code (RFC 6455, section 7.4), or 0 where the client gave up: no token, no
   * greeting in time, no heartbeat, no network. */
  readonly code: number;
  readonly reason: string;
  /** Whether another attempt will follow. */
  readonly again: boolean;
}

export interface StateEvent extends Event {
  readonly state: State;
}

export interface Events {
  open: OpenEvent;
  message: PushEvent;
  close: EndEvent;
  /** The state has changed. Comes before the `open` or `close` that it belongs to. */
  state: StateEvent;
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

/** Holds a WebSocket to a node, or an event stream where there can be none, and comes back
 * whenever it ends. `for await` loops over the messages that come while it runs. */
export class Waybill extends EventTarget implements AsyncIterable<PushEvent> {
  /**
   * Connects.
   * @param base where nodes are: `https://push.example.com`, or in a page relative to it,
   * such as `/`. Of several each attempt takes the next, beginning with any.
   * @param id who this client is
   * @throws TypeError if a base is no URL, or there is no WebSocket
   */
  constructor(base: string | URL | readonly (string | URL)[], id: string | number,
              options?: Options);

  readonly state: State;

  /** Resolves with the first greeting. Rejects if the client is closed before. */
  readonly ready: Promise<OpenEvent>;

  /** Sends to the node's `--upstream`. Returns false if nothing is sent, since the client
   * is not open, or has an event stream; nothing is kept for later. */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): boolean;

  /** Drops the connection, and connects at once. Does nothing once it is closed. */
  reconnect(): void;

  /** Ends the connection, and comes back no more. */
  close(): void;

  [Symbol.asyncIterator](): AsyncGenerator<PushEvent, void, undefined>;

  addEventListener<K extends keyof Events>(
    type: K, listener: (this: Waybill, event: Events[K]) => void,
    options?: boolean | AddEventListenerOptions): void;
  addEventListener(
    type: string, listener: Listener | null,
    options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof Events>(
    type: K, listener: (this: Waybill, event: Events[K]) => void,
    options?: boolean | EventListenerOptions): void;
  removeEventListener(
    type: string, listener: Listener | null,
    options?: boolean | EventListenerOptions): void;
}
