import type { OrderDto } from './order-dto.js';

export const ORDER: OrderDto = {
  id: '01a20699-02a9-740e-aead-da7262a9c6e1',
  version: 1,
  customerId: '01a20699-0298-778c-90c1-07a39812d871',
  status: 'PLACED',
  items: [{ product: { id: 'p-1', title: 'Notebook', price: { amount: '19.99', currency: 'USD' } }, quantity: 2 }],
  total: { amount: '39.98', currency: 'USD' },
  createdAt: '2026-11-23T04:10:20.714Z',
  updatedAt: '2026-11-23T04:10:20.714Z',
};
