"""Traces, where somebody wants them: OpenTelemetry is an extra, and off unless switched on."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def start() -> None:
    """Send spans of requests, tasks and statements to a collector, if `KRAK_TRACING` says so.

    Where it is and what this process is called is in OpenTelemetry's own variables
    (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`). Spans carry no values of statements.

    Raises:
        ImproperlyConfigured: switched on without the packages of the extra `tracing`.
    """
    if not settings.TRACING:
        return
    try:
        _instrument()
    except ImportError as missing:
        raise ImproperlyConfigured(
            f"KRAK_TRACING=1 needs the extra `tracing` (pip install .[tracing]): {missing}"
        ) from None


def _instrument() -> None:
    from opentelemetry import trace  # noqa: PLC0415 - an extra
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.django import DjangoInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    for instrumentor in (DjangoInstrumentor, CeleryInstrumentor, PsycopgInstrumentor):
        instrumentor().instrument()
