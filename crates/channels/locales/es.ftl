# Lo que Farol dice por sí mismo, en español.

incident-investigating = En investigación
incident-identified = Causa identificada
incident-monitoring = En observación
incident-resolved = Resuelto
incident-postmortem = Análisis posterior

maintenance-scheduled = Programado
maintenance-reminder = Empieza pronto
maintenance-in_progress = En curso
maintenance-verifying = En verificación
maintenance-completed = Finalizado
maintenance-cancelled = Cancelado

component-operational = operativo
component-under_maintenance = en mantenimiento
component-degraded_performance = rendimiento degradado
component-partial_outage = interrupción parcial
component-major_outage = interrupción grave

impact-none = Ninguno
impact-minor = Leve
impact-major = Importante
impact-critical = Crítico

fact-impact = Impacto
fact-affected = Afectados
fact-started = Inicio
fact-duration = Duración
fact-planned = Previsto para
fact-instead = En lugar de
fact-repeats = Se repite
fact-since = Desde
fact-next = Próximo paso
fact-subscription = Suscripción
fact-reason = Motivo
fact-disabled = Desactivación

next-investigating = Encontrar la causa
next-identified = Aplicar la solución
next-monitoring = Confirmar que la solución es estable

text-incident = Hay novedades sobre este incidente.
text-maintenance-scheduled = Hay un mantenimiento programado.
text-maintenance-reminder = Este mantenimiento empieza dentro de { $duration }.
text-maintenance-in_progress = El mantenimiento ha comenzado.
text-maintenance-verifying = El trabajo ha terminado; estamos comprobando que todo funcione.
text-maintenance-completed = El mantenimiento ha finalizado.
text-maintenance-cancelled = Este mantenimiento no se llevará a cabo.
text-maintenance-moved = Este mantenimiento ha cambiado de fecha.
text-maintenance-extended = Este mantenimiento dura más de lo previsto.
text-maintenance-unannounced = El plazo de este mantenimiento ya pasó y ha finalizado. No pudimos avisarte de su comienzo.
text-maintenance = Hay novedades sobre este mantenimiento.
text-component = El estado ha pasado de «{ $before }» a «{ $now }».
text-other = Hay novedades en la página de estado.

test-state = Prueba
test-title = Mensaje de prueba
test-text = Si puede leer esto, los mensajes de { $page } llegan aquí. No ha ocurrido nada.

confirm-state = Confirme la suscripción
confirm-text = Alguien, probablemente usted, ha pedido recibir en esta dirección avisos sobre el estado de { $page }. Confirme que desea recibir estos mensajes. Si no los ha pedido, ignore este aviso y no recibirá ninguno más.
already-state = Ya está suscrito
already-text = Alguien, probablemente usted, ha vuelto a pedir avisos sobre el estado de { $page } en esta dirección. Ya está suscrito; nada ha cambiado.

action-state = Requiere atención
credential-title = Credencial rechazada: { $channel }
credential-text = El proveedor de { $channel } rechaza una credencial, como el token de un bot, que comparten sus suscripciones. Los mensajes esperan y nadie pierde su suscripción; Farol lo intenta de nuevo por sí solo, al final una vez por hora. Renueve la credencial con el proveedor o ponga una nueva en esas suscripciones: entonces se enviará lo que espera.
failing-title = Los mensajes no llegan: { $channel }
failing-text = Ningún mensaje a una suscripción por { $channel } ha llegado desde { $since }. Farol sigue intentándolo; si no llega ninguno hasta { $disabled }, la suscripción se desactiva y no se le envía nada más. Compruebe si su destino sigue existiendo y acepta mensajes, o cambie la suscripción.

subscription-pending = por confirmar
subscription-active = activa
subscription-paused = en pausa
subscription-disabled = desactivada

leaf-confirm-title = Confirme su suscripción
leaf-confirm-text = Los mensajes sobre { $page } llegarán a { $address }.
leaf-confirm-button = Confirmar la suscripción
leaf-confirmed-title = Ya está suscrito
leaf-confirmed-text = Cada mensaje tiene un enlace para cambiar o cancelar la suscripción.
leaf-unsubscribe-text = Ya no llegarán mensajes sobre { $page } a { $address }.
leaf-unsubscribed-title = Ya no está suscrito
leaf-unsubscribed-text = No se envían más mensajes y su dirección se ha olvidado.
leaf-manage-title = Su suscripción
leaf-manage-text = Los mensajes sobre { $page } llegan a { $address }. La suscripción está { $state }.

digest-state =
    { $count ->
        [one] { $count } novedad
       *[other] { $count } novedades
    }

repeats-daily =
    { $count ->
        [1] cada día
       *[other] cada { $count } días
    }
repeats-weekly =
    { $count ->
        [1] cada semana
       *[other] cada { $count } semanas
    }
repeats-monthly =
    { $count ->
        [1] cada mes
       *[other] cada { $count } meses
    }
repeats-yearly =
    { $count ->
        [1] cada año
       *[other] cada { $count } años
    }
repeats-otherwise = con regularidad
repeats-on = { $often }: { $days }
weekday =
    { $number ->
        [1] lunes
        [2] martes
        [3] miércoles
        [4] jueves
        [5] viernes
        [6] sábado
       *[7] domingo
    }

link-incident = Ver incidente
link-maintenance = Ver mantenimiento
link-postmortem = Leer el análisis
link-page = Abrir la página de estado
link-confirm = Confirmar
link-manage = Cambiar la suscripción
link-unsubscribe = Cancelar la suscripción

read-on = siga leyendo: { $url }
and-more = y { $count } más

duration-days =
    { $count ->
        [one] { $count } día
       *[other] { $count } días
    }
duration-hours = { $count } h
duration-minutes = { $count } min
duration-moment = menos de un minuto

date = { $day } de { $month } de { $year }
moment = { $date }, { $time } ({ $zone })
month =
    { $number ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[12] diciembre
    }
