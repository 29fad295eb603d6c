/** Takes turns: an actor's step lasts until it asks for its next turn, or ends. */
class Actor {
  private grant: (() => void) | undefined;
  private notice: () => void = () => undefined;
  private hasEnded = false;
  private failure: unknown;

  constructor(work: (turn: () => Promise<void>) => Promise<void>) {
    work(() => this.turn())
      .catch((error: unknown) => (this.failure = error))
      .finally(() => {
        this.hasEnded = true;
        this.notice();
      });
  }

  /** False once it has ended. @throws whatever its work threw */
  async step(): Promise<boolean> {
    await this.rest();
    this.grant?.();
    this.grant = undefined;
    await this.rest();
    if (this.failure) throw this.failure as Error;
    return !this.hasEnded;
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => {
      this.grant = resolve;
      this.notice();
    });
  }

  private rest(): Promise<void> {
    return this.grant || this.hasEnded ? Promise.resolve() : new Promise((resolve) => (this.notice = resolve));
  }
}

/** Carries out two pieces of work step by step, in the given order of steps and then in turn until both have ended. */
export async function interleave(order: readonly (0 | 1)[], works: readonly [Work, Work]): Promise<void> {
  const actors = works.map((work) => new Actor(work)) as [Actor, Actor];
  for (const each of order) await actors[each].step();
  for (const actor of actors) while (await actor.step());
}

type Work = (turn: () => Promise<void>) => Promise<void>;

/** Every order of so many steps of the one and so many of the other. */
export function interleavings(ones: number, others: number): (0 | 1)[][] {
  if (ones === 0 && others === 0) return [[]];
  return [
    ...(ones > 0 ? interleavings(ones - 1, others).map((rest): (0 | 1)[] => [0, ...rest]) : []),
    ...(others > 0 ? interleavings(ones, others - 1).map((rest): (0 | 1)[] => [1, ...rest]) : []),
  ];
}

/** The same port, each call of which is a step. */
export function inSteps<Port extends object>(port: Port, turn: () => Promise<void>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        await turn();
        return (member as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
