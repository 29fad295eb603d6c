import type { Container } from 'inversify';
import type { Context } from '../context/define-context.js';
import type { OpenContext } from '../context/open-context.js';
import { openEmbeddedDatabase } from '../embedded/database.js';

/**
 * Opens a context over an empty database in memory. A test can rebind ports in the container before it resolves
 * anything; everything else is real.
 * @example
 * const { container, close } = await openInMemory(orders);
 * container.rebind(CUSTOMERS).toConstantValue(nobody);
 * await container.get(PlaceOrder).execute(input, 0);
 */
export async function openInMemory(
  context: Context,
): Promise<OpenContext & { readonly container: Container; close(): Promise<void> }> {
  const database = await openEmbeddedDatabase('memory');
  return { ...context.open(database), close: () => database.close() };
}
