import type { IocContainer } from '@tsoa/runtime';
import type { Request } from 'express';
import type { Container } from 'inversify';

/** Returns the container of the app that serves a request. Each app has its own, so none is global. */
export function containerOf(request: Request): Container {
  return request.app.get('container') as Container;
}

/** Returns the same container to the routes that tsoa generates. */
export function iocContainer(request: unknown): IocContainer {
  return containerOf(request as Request) as unknown as IocContainer;
}
