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
  if (!response.ok) throw new Error(`a change was answered with ${response.status}`);
}
