import { CanActivate, ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AppError } from '@hongyan/protocol';
import type { Request } from 'express';
import { operatorCheck } from './operator-token.js';
import { TENANT_ADMIN_PARTS, type TenantAdminParts } from './parts.js';

/** Operators present the installation's token. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly isOperator: ReturnType<typeof operatorCheck>;

  constructor(@Inject(TENANT_ADMIN_PARTS) parts: TenantAdminParts) {
    this.isOperator = operatorCheck(parts.operatorToken);
  }

  canActivate(context: ExecutionContext): boolean {
    if (!this.isOperator(context.switchToHttp().getRequest<Request>()))
      throw new AppError('unauthenticated', { detail: 'the operator token is missing or wrong' });
    return true;
  }
}
