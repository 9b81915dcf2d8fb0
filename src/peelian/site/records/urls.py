"""Addresses of the records' pages."""

from django.urls import path

from peelian.site.records import changes, charts, duplicates, frame, keeping, opening, record, review, search, ties

urlpatterns = [
    path("", search.search, name="records"),
    path("purpose/", frame.purpose, name="records-purpose"),
    path("saved/", search.saved, name="records-saved"),
    path("saved/new/", search.save, name="records-save"),
    path("saved/<int:number>/end/", search.end, name="records-end-search"),
    path("alerts/<int:number>/read/", search.mark_read, name="records-alert-read"),
    path("duplicates/", duplicates.queue, name="records-duplicates"),
    path("duplicates/<int:number>/", duplicates.proposal, name="records-proposal"),
    path("review/", review.review, name="records-review"),
    path("new/", opening.choose_type, name="records-new"),
    path("new/<str:record_type>/", opening.open_record, name="records-open"),
    path("attachments/<int:number>/", changes.download, name="record-file"),
    path("<int:number>/", record.record, name="record"),
    path("<int:number>/state/", changes.state, name="record-state"),
    path("<int:number>/withdraw/<int:statement>/", changes.withdraw, name="record-withdraw"),
    path("<int:number>/dispute/", changes.dispute, name="record-dispute"),
    path("<int:number>/attach/", changes.attach, name="record-attach"),
    path("<int:number>/tie/", ties.tie, name="record-tie"),
    path("<int:number>/untie/<int:link>/", ties.untie, name="record-untie"),
    path("<int:number>/mark/", keeping.mark, name="record-mark"),
    path("<int:number>/clock/", keeping.clock, name="record-clock"),
    path("<int:number>/merges/", duplicates.merges_of, name="record-merges"),
    path("<int:number>/merges/<int:link>/undo/", duplicates.undo, name="record-undo"),
    path("<int:number>/chart/", charts.chart, name="record-chart"),
    path("<int:number>/chart.json", charts.chart_json, name="record-chart-json"),
]
