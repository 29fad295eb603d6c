import { type CodedError, isCodedError, PlatformError } from './errors.js';

/** One end of the connection between two threads: a `Worker`, or the `parentPort` in it. */
export interface ThreadPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** What the other thread may call. Arguments and results are copied, so functions and class instances do not arrive. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any type
export type Callable<Names extends PropertyKey = string> = Readonly<Record<Names, (...args: any[]) => unknown>>;

/** The same, as the other thread sees it. */
export type Called<Methods extends Callable<keyof Methods>> = {
  readonly [Name in keyof Methods]: (...args: Parameters<Methods[Name]>) => Promise<Awaited<ReturnType<Methods[Name]>>>;
};

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly answer: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Coded = Pick<CodedError, 'kind' | 'code' | 'message'>;

/** Calls between two threads, in both directions. */
export class ThreadCalls<Others extends Callable<keyof Others>> {
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private ended: Error | undefined;

  /** @param own what the other thread may call */
  constructor(
    private readonly port: ThreadPort,
    private readonly own: Callable,
  ) {
    port.on('message', (message) => {
      if ('call' in (message as object)) void this.answer(message as Call);
      else this.settle(message as Answer);
    });
  }

  /** The other thread's methods. They reject with what was thrown there, or with the reason of {@link end}. */
  readonly other = new Proxy({} as Called<Others>, {
    get:
      (_, method: string) =>
      (...args: unknown[]) =>
        this.call(method, args),
  });

  /** Rejects all calls from now on, and those that are waiting: the other thread is gone. */
  end(reason: Error): void {
    this.ended ??= reason;
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }

  private call(method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.ended) {
        reject(this.ended);
        return;
      }
      const call = (this.count += 1);
      this.waiting.set(call, { resolve, reject });
      this.port.postMessage({ call, method, args } satisfies Call);
    });
  }

  private async answer({ call, method, args }: Call): Promise<void> {
    try {
      const result: unknown = await this.own[method]?.(...args);
      this.port.postMessage({ answer: call, result } satisfies Answer);
    } catch (error) {
      this.port.postMessage({ answer: call, error: toMessage(error) } satisfies Answer);
    }
  }

  private settle({ answer, result, error }: Answer): void {
    const waiting = this.waiting.get(answer);
    this.waiting.delete(answer);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(fromMessage(error));
  }
}

/** A copy of an error keeps its message and stack, but no code. */
function toMessage(error: unknown): unknown {
  if (!isCodedError(error)) return error instanceof Error ? error : new Error(String(error));
  const { kind, code, message } = error;
  return { kind, code, message } satisfies Coded;
}

function fromMessage(error: unknown): unknown {
  if (error instanceof Error) return error;
  const { kind, code, message } = error as Coded;
  return new PlatformError(kind, code, message);
}
