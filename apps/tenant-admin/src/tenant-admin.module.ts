import { DynamicModule, Module } from '@nestjs/common';
import { AdminController } from './nest-admin-controller.js';
import { ImportController } from './nest-import-controller.js';
import { OperatorGuard } from './nest-operator-guard.js';
import { TENANT_ADMIN_PARTS, type TenantAdminParts } from './parts.js';

/** The door for operators: what the command line uses. */
@Module({})
export class TenantAdminModule {
  static forRoot(parts: TenantAdminParts): DynamicModule {
    return {
      module: TenantAdminModule,
      controllers: [AdminController, ImportController],
      providers: [{ provide: TENANT_ADMIN_PARTS, useValue: parts }, OperatorGuard],
    };
  }
}
