-- select-newest-checkpoint
-- params  $thread_id text, $checkpoint_ns text
-- result  one row with the newest checkpoint of the namespace, in LangGraph's order; null if it has none. `:schema.` is
--         replaced by the schema of LangGraph's tables
-- index   the primary key, read backwards
select max(checkpoint_id) as checkpoint_id
from :schema.checkpoints
where thread_id = $thread_id
  and checkpoint_ns = $checkpoint_ns
