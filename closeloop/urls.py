from __future__ import annotations

from django.urls import path

from closeloop.views import follow_up, huddle, loop, queue, team, trying

urlpatterns = [
    path("follow-ups/", queue.follow_ups, name="follow_ups"),
    path("follow-ups/loop/", loop.loop, name="loop"),
    path("follow-ups/loop/rows/", loop.loop_rows, name="loop_rows"),
    path("follow-ups/loop/file/", loop.loop_file, name="loop_file"),
    path("follow-ups/huddle/", huddle.huddle, name="huddle"),
    path("follow-ups/<int:pk>/", follow_up.follow_up, name="follow_up"),
    path("follow-ups/<int:pk>/own/", follow_up.follow_up_own, name="follow_up_own"),
    path("follow-ups/<int:pk>/assign/", follow_up.follow_up_assign, name="follow_up_assign"),
    path("follow-ups/<int:pk>/note/", follow_up.follow_up_note, name="follow_up_note"),
    path("follow-ups/<int:pk>/call/", follow_up.follow_up_call, name="follow_up_call"),
    path("follow-ups/<int:pk>/reply/", follow_up.follow_up_reply, name="follow_up_reply"),
    path("follow-ups/<int:pk>/close/", follow_up.follow_up_close, name="follow_up_close"),
    path("follow-ups/<int:pk>/close/undo/", follow_up.follow_up_unclose, name="follow_up_unclose"),
    path("follow-ups/<int:pk>/reopen/", follow_up.follow_up_reopen, name="follow_up_reopen"),
    path(
        "follow-ups/<int:pk>/remove-test/",
        trying.follow_up_remove_test,
        name="follow_up_remove_test",
    ),
    path(
        "follow-ups/remove-tests/", trying.follow_ups_remove_tests, name="follow_ups_remove_tests"
    ),
    path("team/", team.team, name="team"),
    path("team/me/", team.team_me, name="team_me"),
    path("team/members/", team.member_add, name="member_add"),
    path("team/members/<int:pk>/duty/", team.member_duty, name="member_duty"),
    path("team/share-out/", team.team_share_out, name="team_share_out"),
    path("team/causes/", team.root_cause_add, name="root_cause_add"),
    path("team/causes/usual/", team.root_causes_usual, name="root_causes_usual"),
    path("team/causes/<int:pk>/", team.root_cause_edit, name="root_cause_edit"),
    path("team/causes/<int:pk>/delete/", team.root_cause_delete, name="root_cause_delete"),
]
