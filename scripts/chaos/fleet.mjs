import { Instance } from './instances.mjs';

/** @typedef {import('./instances.mjs').Module} Module */

/** All instances that run, or are about to again. */
export class Fleet {
  /** @type {Instance[]} */
  instances = [];
  #created = 0;

  /** @param {import('./instances.mjs').Surroundings} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
  }

  /** @param {Module} module */
  of(module) {
    return this.instances.filter((each) => each.module === module);
  }

  /** Where clients send requests. @param {Module} module */
  urls(module) {
    return this.of(module).map(({ url }) => url);
  }

  /** Starts one more; it need not be ready. @param {Module} module */
  async add(module) {
    this.#created += 1;
    const instance = await Instance.create(`${module}-${this.#created}`, module, this.surroundings);
    instance.start();
    this.instances.push(instance);
    return instance;
  }

  /** Ends one for good. @param {Instance} instance @param {boolean} isKilled else in a controlled way */
  async remove(instance, isKilled) {
    this.instances = this.instances.filter((each) => each !== instance);
    if (!isKilled) await instance.end();
    await instance.dispose();
  }

  async ready() {
    await Promise.all(this.instances.map((each) => each.ready()));
  }

  async dispose() {
    await Promise.all(this.instances.map((each) => each.dispose()));
  }
}
