import type { Attestation } from '../../platform/index.js';
import { NotErased } from '../domain/errors.js';
import type { CustomerErasures } from './customers.js';

export class AttestErasure {
  constructor(private readonly erasures: CustomerErasures) {}

  /** @throws NotErased */
  async execute(id: string): Promise<Attestation> {
    const attestation = await this.erasures.attest(id);
    if (!attestation) throw new NotErased();
    return attestation;
  }
}
