/**
 * May a rollback put etcd's data back, and so lose what was written since? look: only say what would be lost. refuse: only
 * where the data stay. accept. force: also where it is not known what is lost, or where Argo or Cluster API live.
 */
export const DATA_LOSS = ['look', 'refuse', 'accept', 'force'] as const;
export type DataLoss = (typeof DATA_LOSS)[number];
