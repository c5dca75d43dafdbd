/**
 * What a client is at:
 * - `connecting`: it gets a token, connects and waits for the greeting;
 * - `open`: it has been greeted;
 * - `waiting`: it waits before the next attempt;
 * - `offline`: it waits until the browser has a network;
 * - `closed`: it comes back no more, after `close()` or a close code from 4500 to 4999.
 */
export type State = "connecting" | "open" | "waiting" | "offline" | "closed";

/** What is needed of a WebSocket. Browsers, Node 22 and its package ws have one. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: any): void;
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

  /** Milliseconds that the first wait takes at most; each one after a failure, twice as
   * long as the one before. 500 by default. */
  minDelay?: number;

  /** Milliseconds that any wait takes at most. 30,000 by default. */
  maxDelay?: number;

  /** Milliseconds in which the greeting must come, from the call of `token` on. 20,000 by
   * default. */
  timeout?: number;

  /** The class of WebSockets. By default the global one. */
  WebSocket?: new (url: string, protocols: string[]) => WebSocketLike;
}

/** The node has greeted: a push can reach this client from now on. */
export interface OpenEvent extends Event {
  /** The greeting; empty where nodes do not greet. */
  readonly greeting: string;
}

/** A push. */
export interface PushEvent extends Event {
  /** The payload: a text, or bytes if the push was binary. */
  readonly data: string | ArrayBuffer;
}

/** A connection, or an attempt to connect, has ended, but not by `close()`. */
export interface EndEvent extends Event {
  /** The close code (RFC 6455, section 7.4), or 0 where the client gave up: no token, no
   * greeting in time, no network. */
  readonly code: number;
  readonly reason: string;
  /** Whether another attempt will follow. */
  readonly again: boolean;
}

export interface Events {
  open: OpenEvent;
  message: PushEvent;
  close: EndEvent;
  /** `state` has changed. Comes before the `open` or `close` that it belongs to. */
  state: Event;
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

/** Holds a WebSocket to a node, and comes back whenever it ends. */
export class Waybill extends EventTarget {
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

  /** Sends to the node's `--upstream`. Returns false if nothing is sent, since the client
   * is not open; nothing is kept for later. */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): boolean;

  /** Ends the connection, and comes back no more. */
  close(): void;

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
