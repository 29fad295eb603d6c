// Single requests, where wrk's load is not needed.

/** Registers a customer, and returns its id. @param {number} port @param {number} number @returns {Promise<string>} */
export async function registerCustomer(port, number) {
  const address = {
    type: 'SHIPPING',
    address1: '1 Main Street',
    city: 'Springfield',
    state: 'IL',
    postalCode: '62701',
  };
  const customer = {
    name: { title: 'Ms', firstName: `First${number}`, lastName: `Last${number}` },
    contact: { email: `customer${number}@example.com` },
    addresses: [{ ...address, country: 'US' }],
    creditCards: [{ type: 'PRIMARY', number: '4111111111111111', expiration: '12/30', nameOnCard: 'First' }],
  };
  const response = await fetch(`http://127.0.0.1:${port}/accounts/customers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(customer),
  });
  const { id } = /** @type {{ id: string }} */ (await response.json());
  return id;
}

/** Gives a customer another first name. @param {number} port @param {string} id @param {number} change a number of it */
export async function changeCustomer(port, id, change) {
  const response = await fetch(`http://127.0.0.1:${port}/accounts/customers/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ name: { firstName: `Changed${change}` } }),
  });
  // Only then can its connection be used again.
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`a change was answered with ${response.status}`);
}

/**
 * Places an order of two items, and returns its id.
 * @param {number} port @param {string} customerId @param {number} number @param {string} [idempotencyKey]
 * @returns {Promise<string>}
 */
export async function placeOrder(port, customerId, number, idempotencyKey) {
  const item = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ amount) => ({
    product: { id: `${id}-${number}`, title, price: { amount, currency: 'USD' } },
    quantity: 1 + (number % 3),
  });
  const response = await fetch(`http://127.0.0.1:${port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(idempotencyKey && { 'idempotency-key': idempotencyKey }) },
    body: JSON.stringify({ customerId, items: [item('n', 'Notebook', '19.99'), item('p', 'Pencil', '1.49')] }),
  });
  if (!response.ok) throw new Error(`an order was answered with ${response.status}`);
  const { id } = /** @type {{ id: string }} */ (await response.json());
  return id;
}

/** Ships an order. @param {number} port @param {string} id */
export async function shipOrder(port, id) {
  const response = await fetch(`http://127.0.0.1:${port}/orders/${id}/ship`, { method: 'POST' });
  if (!response.ok) throw new Error(`shipping was answered with ${response.status}`);
}
