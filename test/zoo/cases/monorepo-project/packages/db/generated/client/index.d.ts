export declare const Prisma: { SortOrder: { asc: 'asc'; desc: 'desc' } };
export declare class PrismaClient {
  user: { findMany(args: object): Promise<object[]> };
}
