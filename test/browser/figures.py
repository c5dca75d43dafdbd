"""Metrics as a node tells them."""


def figures(node="tomcat", sessions=0, answers=(), deliveries=0, buckets=(), **more):
    """Returns metrics, as a text.

    @param answers pairs of a status and a count
    @param buckets pairs of a limit and how many pushes were within it
    """
    lines = {f'waybill_build_info{{node="{node}",version="0.1.0"}}': 1,
             "waybill_sessions": sessions, "waybill_addresses": sessions,
             "waybill_deliveries_total": deliveries, **more}
    lines |= {f'waybill_push_answers_total{{status="{status}"}}': count
              for status, count in answers}
    lines |= {f'waybill_push_seconds_bucket{{level="received",le="{limit}"}}': count
              for limit, count in buckets}
    lines |= {f'waybill_push_seconds_bucket{{level="written",le="{limit}"}}': 0
              for limit, _ in buckets}
    return "# TYPE waybill_sessions gauge\n" + "".join(f"{k} {v}\n" for k, v in lines.items())
