# What Farol says by itself, in English. Every language has exactly these messages.
# Status words of components are written as within a sentence; they are capitalised where they stand alone.

incident-investigating = Investigating
incident-identified = Identified
incident-monitoring = Monitoring
incident-resolved = Resolved
incident-postmortem = Postmortem

maintenance-scheduled = Scheduled
maintenance-reminder = Starting soon
maintenance-in_progress = In progress
maintenance-verifying = Verifying
maintenance-completed = Completed
maintenance-cancelled = Cancelled

component-operational = operational
component-under_maintenance = under maintenance
component-degraded_performance = degraded performance
component-partial_outage = partial outage
component-major_outage = major outage

impact-none = None
impact-minor = Minor
impact-major = Major
impact-critical = Critical

fact-impact = Impact
fact-affected = Affected
fact-started = Started
fact-duration = Duration
fact-planned = Planned for
fact-instead = Instead of
fact-repeats = Repeats
fact-since = Since
fact-next = Next step
fact-subscription = Subscription
fact-reason = Reason
fact-disabled = Disabled on

next-investigating = Find the cause
next-identified = Put a fix in place
next-monitoring = Make sure that the fix holds

text-incident = There is news about this incident.
text-maintenance-scheduled = Maintenance is planned.
text-maintenance-reminder = This maintenance begins in { $duration }.
text-maintenance-in_progress = The maintenance has begun.
text-maintenance-verifying = The work is done; we are checking that everything works.
text-maintenance-completed = The maintenance is complete.
text-maintenance-cancelled = This maintenance will not take place.
text-maintenance-moved = This maintenance has been moved.
text-maintenance-extended = This maintenance takes longer than planned.
text-maintenance-unannounced = The time of this maintenance has passed and it is complete. We could not tell you when it began.
text-maintenance = There is news about this maintenance.
text-component = The status changed from “{ $before }” to “{ $now }”.
text-other = There is news on the status page.

test-state = Test
test-title = Test message
test-text = If you can read this, messages from { $page } arrive here. Nothing has happened.

confirm-state = Please confirm
confirm-text = Somebody, hopefully you, asked to be told about the status of { $page } at this address. Please confirm that you want these messages. If you did not ask for them, ignore this one and you will hear no more.
already-state = You are subscribed
already-text = Somebody, hopefully you, asked once more to be told about the status of { $page } at this address. You are subscribed already; nothing has changed.

action-state = Action needed
credential-title = Credential refused: { $channel }
credential-text = The provider of { $channel } refuses a credential, such as a bot’s token, that your subscriptions share. Their messages wait and nobody is unsubscribed; Farol tries again by itself, at last once an hour. Renew the credential with the provider, or put a new one into these subscriptions: what waits is sent then.
failing-title = Messages do not arrive: { $channel }
failing-text = No message to a subscription by { $channel } has arrived since { $since }. Farol goes on trying; if nothing arrives until { $disabled }, the subscription is disabled and nothing more is sent to it. Check whether its destination still exists and takes messages, or change the subscription.

subscription-pending = pending
subscription-active = active
subscription-paused = paused
subscription-disabled = disabled

# Pages behind the links of messages.
leaf-confirm-title = Confirm your subscription
leaf-confirm-text = Messages about { $page } will go to { $address }.
leaf-confirm-button = Confirm the subscription
leaf-confirmed-title = You are subscribed
leaf-confirmed-text = Every message has a link to change or end it.
leaf-unsubscribe-text = No more messages about { $page } will go to { $address }.
leaf-unsubscribed-title = You are not subscribed any more
leaf-unsubscribed-text = No more messages are sent, and your address is forgotten.
leaf-manage-title = Your subscription
leaf-manage-text = Messages about { $page } go to { $address }. The subscription is { $state }.

digest-state =
    { $count ->
        [one] { $count } update
       *[other] { $count } updates
    }

repeats-daily =
    { $count ->
        [1] every day
       *[other] every { $count } days
    }
repeats-weekly =
    { $count ->
        [1] every week
       *[other] every { $count } weeks
    }
repeats-monthly =
    { $count ->
        [1] every month
       *[other] every { $count } months
    }
repeats-yearly =
    { $count ->
        [1] every year
       *[other] every { $count } years
    }
repeats-otherwise = regularly
repeats-on = { $often } on { $days }
weekday =
    { $number ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[7] Sunday
    }

link-incident = View incident
link-maintenance = View maintenance
link-postmortem = Read the postmortem
link-page = Open the status page
link-confirm = Confirm
link-manage = Change your subscription
link-unsubscribe = Unsubscribe

# The end of a text that was cut.
read-on = read on: { $url }
and-more = and { $count } more

duration-days =
    { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
duration-hours = { $count } h
duration-minutes = { $count } min
duration-moment = less than a minute

date = { $day } { $month } { $year }
# $time may be a span, like 10:15–12:00.
moment = { $date }, { $time } { $zone }
month =
    { $number ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
