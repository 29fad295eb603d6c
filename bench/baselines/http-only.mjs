// What the HTTP layer alone can take: the framework reads the body as JSON and answers a constant.
import express from 'express';
import { customer } from './customer.mjs';

const app = express();
app.use(express.json());
app.post('/accounts/customers', (_request, response) => void response.status(201).json(customer));
app.listen(Number(process.env.PORT), '127.0.0.1');
