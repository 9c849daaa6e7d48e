"""moto, which keeps every service that is not ours: how it is asked, made whole where AWS does more, and kept.

Besides this package its internals are known to those who read its wire formats (`local.wire`, `local.dialects`,
`local.model`, `local.requests`, `local.front`), its policies (`local.iam`, `local.bucket_policies`) and its event
patterns (`local.events.pattern`).
"""
