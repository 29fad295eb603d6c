import {
  Body,
  Consumes,
  Controller,
  Delete,
  Example,
  Get,
  Header,
  Patch,
  Path,
  Post,
  Put,
  Query,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { injectable } from 'inversify';
import { parseIfMatch, toETag } from '../../platform/http/conditional.js';
import { type HistoryPageDto, readHistoryPage } from '../../platform/http/history-dto.js';
import { idempotencyOf } from '../../platform/http/idempotency.js';
import { mergePatch } from '../../platform/http/merge-patch.js';
import { nextOf, type PageRequest, parseSort, placeAfter } from '../../platform/http/paging.js';
import type { Problem } from '../../platform/http/problem.js';
import { parseTime, type TimeDto } from '../../platform/http/time.js';
import type { ChangeCustomer } from '../app/change-customer.js';
import type { EraseCustomer } from '../app/erase-customer.js';
import type { GetCustomer } from '../app/get-customer.js';
import type { GetCustomerHistory } from '../app/get-customer-history.js';
import type { ListCustomers } from '../app/list-customers.js';
import type { RegisterCustomer } from '../app/register-customer.js';
import { type Customer, type CustomerInput, existing, statedBy } from '../domain/customer.js';
import type { CustomerDto, CustomerInputDto, CustomerPageDto, CustomerPatchDto } from './customer-dto.js';
import { CUSTOMER, CUSTOMERS, ERASED, HISTORY, INVALID, NOT_FOUND } from './examples.js';

const PROBLEM = 'application/problem+json';
const SORTABLE = {
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
  lastName: 'name.lastName',
  email: 'contact.email',
};

@injectable()
@Route('accounts/customers')
@Tags('Customers')
@Response<Problem>(400, 'The request cannot be read', undefined, PROBLEM)
@Response<Problem>(422, 'A field or parameter is wrong; `errors` names each', undefined, PROBLEM)
@Response<Problem>(503, 'Try again after `Retry-After`', undefined, PROBLEM)
export class CustomersController extends Controller {
  constructor(
    private readonly registerCustomer: RegisterCustomer,
    private readonly changeCustomer: ChangeCustomer,
    private readonly eraseCustomer: EraseCustomer,
    private readonly getCustomer: GetCustomer,
    private readonly listCustomers: ListCustomers,
    private readonly getCustomerHistory: GetCustomerHistory,
  ) {
    super();
  }

  /**
   * The number of a card is checked and dropped: it is never stored, logged or put in an event.
   * @summary Registers a customer
   * @param idempotencyKey under the same key, the same request is answered as the first time (for 24 hours)
   * @pattern idempotencyKey ^[!-~]{1,255}$
   */
  @Post()
  @Security('bearer', ['customers:write'])
  @SuccessResponse(201, 'Registered; `Location` names it, `ETag` is its version')
  @Response<Problem>(422, 'A field or parameter is wrong; `errors` names each', INVALID, PROBLEM)
  @Example<CustomerDto>(CUSTOMER)
  @Response<Problem>(409, 'A request under this `Idempotency-Key` is being carried out', undefined, PROBLEM)
  @Response<Problem>(410, 'What was answered under this `Idempotency-Key` has been erased', undefined, PROBLEM)
  @Response<Problem>(413, 'The body is too large', undefined, PROBLEM)
  @Response<Problem>(415, 'Not application/json', undefined, PROBLEM)
  async register(
    @Body() body: CustomerInputDto,
    @Request() request: HttpRequest,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<CustomerDto> {
    const { state, replayed } = await this.registerCustomer.execute(body, idempotencyOf(idempotencyKey, request));
    this.setHeader('Location', `/accounts/customers/${state.id}`);
    if (replayed) this.setHeader('Idempotency-Replayed', 'true');
    return this.answer(existing(state));
  }

  /**
   * @summary Lists customers
   * @param email exactly this e-mail address
   * @param lastName exactly this last name
   * @param postalCode an address with exactly this postal code
   * @param sort fields in order of weight, each with `-` before it to go down
   * @pattern sort ^(?!.*(createdAt|updatedAt|lastName|email).*\1)-?(createdAt|updatedAt|lastName|email)(,-?(createdAt|updatedAt|lastName|email)){0,3}$
   * @param limit most customers in the answer
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @param cursor `next` of the page before
   */
  @Get()
  @Security('bearer', ['customers:read'])
  @SuccessResponse(200, 'A page; `Link` with `rel="next"` leads to the next one')
  @Example<CustomerPageDto>(CUSTOMERS)
  async list(
    @Query() email?: string,
    @Query() lastName?: string,
    @Query() postalCode?: string,
    @Query() sort = 'createdAt',
    @Query() limit = 50,
    @Query() cursor?: string,
  ): Promise<CustomerPageDto> {
    const filter = { email, lastName, postalCode };
    const request = { path: '/accounts/customers', parameters: { ...filter, sort }, limit, cursor };
    const after = placeAfter(request);
    const order = { sort: parseSort(sort, SORTABLE), limit, ...(after && { after }) };
    const { items, next } = await this.listCustomers.execute(filter, order);
    return { items: [...items], ...this.next(request, next) };
  }

  /**
   * @summary Reads a customer, now or in the past
   * @param version the customer as of this version
   * @isInt version
   * @minimum version 1
   * @maximum version 999999999999
   * @param at the customer as of this time (RFC 3339)
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Get('{customerId}')
  @Security('bearer', ['customers:read'])
  @SuccessResponse(200, 'The customer; `ETag` is its version')
  @Example<CustomerDto>(CUSTOMER)
  @Response<Problem>(404, 'No such customer, or none yet at that version or time', NOT_FOUND, PROBLEM)
  @Response<Problem>(410, 'The customer was erased', ERASED, PROBLEM)
  async read(@Path() customerId: string, @Query() version?: number, @Query() at?: TimeDto): Promise<CustomerDto> {
    if (at !== undefined) return this.answer(await this.getCustomer.atTime(customerId, parseTime('/at', at)));
    if (version !== undefined) return this.answer(await this.getCustomer.atVersion(customerId, version));
    return this.answer(await this.getCustomer.execute(customerId));
  }

  /**
   * A card that is held already may be sent back as it was read, without its number.
   * @summary Replaces a customer
   * @param ifMatch the versions that it may be a change of
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Put('{customerId}')
  @Security('bearer', ['customers:write'])
  @SuccessResponse(200, 'The customer; `ETag` is its version, the same as before when nothing changed')
  @Response<Problem>(422, 'A field or parameter is wrong; `errors` names each', INVALID, PROBLEM)
  @Example<CustomerDto>(CUSTOMER)
  @Response<Problem>(404, 'No such customer', NOT_FOUND, PROBLEM)
  @Response<Problem>(410, 'The customer was erased', ERASED, PROBLEM)
  @Response<Problem>(412, '`If-Match` is stale', undefined, PROBLEM)
  @Response<Problem>(413, 'The body is too large', undefined, PROBLEM)
  @Response<Problem>(415, 'Not application/json', undefined, PROBLEM)
  async replace(
    @Path() customerId: string,
    @Body() body: CustomerInputDto,
    @Header('If-Match') ifMatch?: string,
  ): Promise<CustomerDto> {
    return this.answer(await this.changeCustomer.execute(customerId, () => body, parseIfMatch(ifMatch)));
  }

  /**
   * JSON Merge Patch (RFC 7396): members are merged, an array replaces the array, null removes.
   * @summary Changes parts of a customer
   * @param ifMatch the versions that it may be a change of
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Patch('{customerId}')
  @Security('bearer', ['customers:write'])
  @Consumes('application/merge-patch+json')
  @SuccessResponse(200, 'The customer; `ETag` is its version, the same as before when nothing changed')
  @Response<Problem>(422, 'A field or parameter is wrong; `errors` names each', INVALID, PROBLEM)
  @Example<CustomerDto>(CUSTOMER)
  @Response<Problem>(404, 'No such customer', NOT_FOUND, PROBLEM)
  @Response<Problem>(410, 'The customer was erased', ERASED, PROBLEM)
  @Response<Problem>(412, '`If-Match` is stale', undefined, PROBLEM)
  @Response<Problem>(413, 'The body is too large', undefined, PROBLEM)
  @Response<Problem>(415, 'Not application/merge-patch+json', undefined, PROBLEM)
  async patch(
    @Path() customerId: string,
    @Body() body: CustomerPatchDto,
    @Header('If-Match') ifMatch?: string,
  ): Promise<CustomerDto> {
    const patched = (customer: Customer) => mergePatch(statedBy(customer), body) as CustomerInput;
    return this.answer(await this.changeCustomer.execute(customerId, patched, parseIfMatch(ifMatch)));
  }

  /**
   * The chain of versions remains, without the person; every context that copied the customer erases its copy.
   * @summary Erases a customer's data
   * @param ifMatch the versions that may be erased
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Delete('{customerId}')
  @Security('bearer', ['customers:write'])
  @SuccessResponse(204, 'Erased')
  @Response<Problem>(404, 'No such customer', NOT_FOUND, PROBLEM)
  @Response<Problem>(410, 'The customer was erased before', ERASED, PROBLEM)
  @Response<Problem>(412, '`If-Match` is stale', undefined, PROBLEM)
  async erase(@Path() customerId: string, @Header('If-Match') ifMatch?: string): Promise<void> {
    await this.eraseCustomer.execute(customerId, parseIfMatch(ifMatch));
  }

  /**
   * Also of a customer who was erased: the chain names no person.
   * @summary Lists every recorded change of a customer, oldest first
   * @param limit most changes in the answer
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @param cursor `next` of the page before
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Get('{customerId}/history')
  @Security('bearer', ['customers:read'])
  @SuccessResponse(200, 'A page; `Link` with `rel="next"` leads to the next one')
  @Example<HistoryPageDto>(HISTORY)
  @Response<Problem>(404, 'No such customer', NOT_FOUND, PROBLEM)
  async history(@Path() customerId: string, @Query() limit = 50, @Query() cursor?: string): Promise<HistoryPageDto> {
    const path = `/accounts/customers/${encodeURIComponent(customerId)}/history`;
    const request = { path, parameters: {}, limit, cursor };
    const read = (after: number, most: number) => this.getCustomerHistory.execute(customerId, after, most);
    const { items, next } = await readHistoryPage(request, read);
    return { items, ...this.next(request, next) };
  }

  private answer(customer: Customer): CustomerDto {
    this.setHeader('ETag', toETag(customer.version));
    return customer;
  }

  private next(request: PageRequest, place: readonly (string | number)[] | undefined): { next?: string } {
    const following = nextOf(request, place);
    if (!following) return {};
    this.setHeader('Link', following.link);
    return { next: following.next };
  }
}
