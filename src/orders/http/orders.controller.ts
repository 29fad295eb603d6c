import {
  Body,
  Controller,
  Example,
  Get,
  Header,
  Path,
  Post,
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
import type { Outcome } from '../../platform/aggregate/change-aggregate.js';
import { parseIfMatch, toETag } from '../../platform/http/conditional.js';
import { type HistoryPageDto, readHistoryPage } from '../../platform/http/history-dto.js';
import { idempotencyOf } from '../../platform/http/idempotency.js';
import { nextOf, type PageRequest, parseSort, placeAfter } from '../../platform/http/paging.js';
import { parsePreferWait } from '../../platform/http/prefer.js';
import type { Problem } from '../../platform/http/problem.js';
import type { CancelOrder } from '../app/cancel-order.js';
import type { GetOrder } from '../app/get-order.js';
import type { GetOrderHistory } from '../app/get-order-history.js';
import type { ListOrders } from '../app/list-orders.js';
import type { PlaceOrder } from '../app/place-order.js';
import type { ShipOrder } from '../app/ship-order.js';
import type { Order } from '../domain/order.js';
import {
  CANCELLED,
  HISTORY,
  NO_SHIPPING_ADDRESS,
  NOT_FOUND,
  ORDER,
  ORDERS,
  SHIPPED,
  UNKNOWN_CUSTOMER,
  WRONG_STATUS,
} from './examples.js';
import type { CancellationDto, OrderDto, OrderInputDto, OrderPageDto, OrderStatusDto } from './order-dto.js';

const PROBLEM = 'application/problem+json';
const SORTABLE = { createdAt: 'createdAt', updatedAt: 'updatedAt' };

@injectable()
@Route('orders')
@Tags('Orders')
@Response<Problem>(400, 'The request cannot be read', undefined, PROBLEM)
@Response<Problem>(422, 'A field or parameter is wrong; `errors` names each', undefined, PROBLEM)
@Response<Problem>(503, 'Try again after `Retry-After`', undefined, PROBLEM)
export class OrdersController extends Controller {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly shipOrder: ShipOrder,
    private readonly cancelOrder: CancelOrder,
    private readonly getOrder: GetOrder,
    private readonly listOrders: ListOrders,
    private readonly getOrderHistory: GetOrderHistory,
  ) {
    super();
  }

  /**
   * @summary Places an order
   * @param prefer `wait=SECONDS`, at most 10: how long to wait for `minCustomerVersion`
   * @param idempotencyKey under the same key, the same request is answered as the first time (for 24 hours)
   * @pattern idempotencyKey ^[!-~]{1,255}$
   */
  @Post()
  @Security('bearer', ['orders:write'])
  @SuccessResponse(201, 'Placed; `Location` names it, `ETag` is its version')
  @Example<OrderDto>(ORDER)
  @Response<Problem>(409, 'A request under this `Idempotency-Key` is being carried out', undefined, PROBLEM)
  @Response<Problem>(410, 'What was answered under this `Idempotency-Key` has been erased', undefined, PROBLEM)
  @Response<Problem>(413, 'The body is too large', undefined, PROBLEM)
  @Response<Problem>(415, 'Not application/json', undefined, PROBLEM)
  @Response<Problem>(422, 'A field is wrong, or orders knows no such customer', UNKNOWN_CUSTOMER, PROBLEM)
  @Response<Problem>(503, '`minCustomerVersion` has not arrived; try again after `Retry-After`', undefined, PROBLEM)
  async place(
    @Body() body: OrderInputDto,
    @Request() request: HttpRequest,
    @Header('Prefer') prefer?: string,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<OrderDto> {
    const outcome = await this.placeOrder.execute(
      body,
      parsePreferWait(prefer),
      idempotencyOf(idempotencyKey, request),
    );
    this.setHeader('Location', `/orders/${outcome.state.id}`);
    return this.answer(outcome);
  }

  /**
   * @summary Lists orders
   * @param customerId only this customer's
   * @param status only those in this status
   * @param sort fields in order of weight, each with `-` before it to go down
   * @pattern sort ^(?!.*(createdAt|updatedAt).*\1)-?(createdAt|updatedAt)(,-?(createdAt|updatedAt)){0,1}$
   * @param limit most orders in the answer
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @param cursor `next` of the page before
   */
  @Get()
  @Security('bearer', ['orders:read'])
  @SuccessResponse(200, 'A page; `Link` with `rel="next"` leads to the next one')
  @Example<OrderPageDto>(ORDERS)
  async list(
    @Query() customerId?: string,
    @Query() status?: OrderStatusDto,
    @Query() sort = 'createdAt',
    @Query() limit = 50,
    @Query() cursor?: string,
  ): Promise<OrderPageDto> {
    const filter = { customerId, status };
    const request = { path: '/orders', parameters: { ...filter, sort }, limit, cursor };
    const after = placeAfter(request);
    const order = { sort: parseSort(sort, SORTABLE), limit, ...(after && { after }) };
    const { items, next } = await this.listOrders.execute(filter, order);
    return { items: [...items], ...this.next(request, next) };
  }

  /**
   * @summary Reads an order
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Get('{orderId}')
  @Security('bearer', ['orders:read'])
  @SuccessResponse(200, 'The order; `ETag` is its version')
  @Example<OrderDto>(ORDER)
  @Response<Problem>(404, 'No such order', NOT_FOUND, PROBLEM)
  async read(@Path() orderId: string): Promise<OrderDto> {
    return this.answer({ state: await this.getOrder.execute(orderId) });
  }

  /**
   * The address is the one that orders holds at this moment.
   * @summary Ships an order to the customer's shipping address
   * @param ifMatch the versions that may be shipped
   * @param idempotencyKey under the same key, the same request is answered as the first time (for 24 hours)
   * @pattern idempotencyKey ^[!-~]{1,255}$
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Post('{orderId}/ship')
  @Security('bearer', ['orders:write'])
  @SuccessResponse(200, 'Shipped; `shipTo` is where to')
  @Example<OrderDto>(SHIPPED)
  @Response<Problem>(404, 'No such order', NOT_FOUND, PROBLEM)
  @Response<Problem>(409, 'The order is not PLACED', WRONG_STATUS, PROBLEM)
  @Response<Problem>(410, 'What was answered under this `Idempotency-Key` has been erased', undefined, PROBLEM)
  @Response<Problem>(412, '`If-Match` is stale', undefined, PROBLEM)
  @Response<Problem>(422, 'The customer has no shipping address', NO_SHIPPING_ADDRESS, PROBLEM)
  async ship(
    @Path() orderId: string,
    @Request() request: HttpRequest,
    @Header('If-Match') ifMatch?: string,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<OrderDto> {
    const conditions = { expected: parseIfMatch(ifMatch), idempotency: idempotencyOf(idempotencyKey, request) };
    return this.answer(await this.shipOrder.execute(orderId, conditions));
  }

  /**
   * @summary Cancels an order that is not shipped
   * @param ifMatch the versions that may be cancelled
   * @param idempotencyKey under the same key, the same request is answered as the first time (for 24 hours)
   * @pattern idempotencyKey ^[!-~]{1,255}$
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Post('{orderId}/cancel')
  @Security('bearer', ['orders:write'])
  @SuccessResponse(200, 'Cancelled')
  @Example<OrderDto>(CANCELLED)
  @Response<Problem>(404, 'No such order', NOT_FOUND, PROBLEM)
  @Response<Problem>(409, 'The order is not PLACED', WRONG_STATUS, PROBLEM)
  @Response<Problem>(410, 'What was answered under this `Idempotency-Key` has been erased', undefined, PROBLEM)
  @Response<Problem>(412, '`If-Match` is stale', undefined, PROBLEM)
  @Response<Problem>(413, 'The body is too large', undefined, PROBLEM)
  @Response<Problem>(415, 'Not application/json', undefined, PROBLEM)
  async cancel(
    @Path() orderId: string,
    @Request() request: HttpRequest,
    @Body() body?: CancellationDto,
    @Header('If-Match') ifMatch?: string,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<OrderDto> {
    const conditions = { expected: parseIfMatch(ifMatch), idempotency: idempotencyOf(idempotencyKey, request) };
    return this.answer(await this.cancelOrder.execute(orderId, body?.reason, conditions));
  }

  /**
   * @summary Lists every recorded change of an order, oldest first
   * @param limit most changes in the answer
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @param cursor `next` of the page before
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Get('{orderId}/history')
  @Security('bearer', ['orders:read'])
  @SuccessResponse(200, 'A page; `Link` with `rel="next"` leads to the next one')
  @Example<HistoryPageDto>(HISTORY)
  @Response<Problem>(404, 'No such order', NOT_FOUND, PROBLEM)
  async history(@Path() orderId: string, @Query() limit = 50, @Query() cursor?: string): Promise<HistoryPageDto> {
    const request = { path: `/orders/${encodeURIComponent(orderId)}/history`, parameters: {}, limit, cursor };
    const read = (after: number, most: number) => this.getOrderHistory.execute(orderId, after, most);
    const { items, next } = await readHistoryPage(request, read);
    return { items, ...this.next(request, next) };
  }

  private answer({ state, replayed }: Outcome<Order>): OrderDto {
    this.setHeader('ETag', toETag(state.version));
    if (replayed) this.setHeader('Idempotency-Replayed', 'true');
    return state;
  }

  private next(request: PageRequest, place: readonly (string | number)[] | undefined): { next?: string } {
    const following = nextOf(request, place);
    if (!following) return {};
    this.setHeader('Link', following.link);
    return { next: following.next };
  }
}
