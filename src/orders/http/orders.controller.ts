import { injectable } from 'inversify';
import { Body, Controller, Get, Header, Path, Post, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import { parseIfMatch, toETag } from '../../platform/http/conditional.js';
import { parsePreferWait } from '../../platform/http/prefer.js';
import type { Problem } from '../../platform/http/problem.js';
import type { GetOrder } from '../app/get-order.js';
import type { PlaceOrder } from '../app/place-order.js';
import type { ShipOrder } from '../app/ship-order.js';
import type { Order } from '../domain/order.js';
import type { OrderDto, OrderInputDto } from './order-dto.js';

@injectable()
@Route('orders')
@Tags('Orders')
@Response<Problem>(503, 'Try again after `Retry-After`')
export class OrdersController extends Controller {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly shipOrder: ShipOrder,
    private readonly getOrder: GetOrder,
  ) {
    super();
  }

  /**
   * @summary Places an order
   * @param prefer `wait=SECONDS`, at most 10: how long to wait for `minCustomerVersion`
   */
  @Post()
  @SuccessResponse(201, 'Placed; `Location` names it')
  @Response<Problem>(422, 'A field is wrong, or orders knows no such customer')
  async place(@Body() body: OrderInputDto, @Header('Prefer') prefer?: string): Promise<OrderDto> {
    const order = await this.placeOrder.execute(body, parsePreferWait(prefer));
    this.setHeader('Location', `/orders/${order.id}`);
    return this.answer(order);
  }

  /** @summary Reads an order */
  @Get('{orderId}')
  @Response<Problem>(404, 'No such order')
  async read(@Path() orderId: string): Promise<OrderDto> {
    return this.answer(await this.getOrder.execute(orderId));
  }

  /** @summary Ships an order to the customer's shipping address as orders knows it now */
  @Post('{orderId}/ship')
  @SuccessResponse(200, 'Shipped')
  @Response<Problem>(404, 'No such order')
  @Response<Problem>(409, 'The order is not PLACED')
  @Response<Problem>(412, '`If-Match` is stale')
  @Response<Problem>(422, 'The customer has no shipping address')
  async ship(@Path() orderId: string, @Header('If-Match') ifMatch?: string): Promise<OrderDto> {
    return this.answer(await this.shipOrder.execute(orderId, parseIfMatch(ifMatch)));
  }

  private answer(order: Order): OrderDto {
    this.setHeader('ETag', toETag(order.version));
    return order;
  }
}
